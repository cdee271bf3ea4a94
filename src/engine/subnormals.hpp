// Numbers too small to be normal.
#pragma once

#include <cstdint>
#include <type_traits>

#if defined(__x86_64__)
#include <xmmintrin.h>
#endif

namespace lanewise {

/// In single precision, while it lives, subnormal numbers count as 0 on this thread: the squares of what is
/// below 1e-19 are such, and many processors take a hundred times as long over them. For double it does
/// nothing. On x86 exceptions of floating point that are raised meanwhile are forgotten.
template <class T>
class SubnormalsAsZero {
  public:
    static constexpr bool in_effect = std::is_same_v<T, float>;

    SubnormalsAsZero() noexcept {
        if constexpr (in_effect) set(before_ | as_zero);
    }
    ~SubnormalsAsZero() {
        if constexpr (in_effect) set(before_);
    }
    SubnormalsAsZero(const SubnormalsAsZero&) = delete;
    SubnormalsAsZero& operator=(const SubnormalsAsZero&) = delete;

  private:
#if defined(__x86_64__)
    static constexpr std::uint64_t as_zero = 0x8040;  // FTZ and DAZ of MXCSR
    static std::uint64_t get() noexcept {
        return _mm_getcsr();
    }
    static void set(std::uint64_t state) noexcept {
        _mm_setcsr(static_cast<unsigned>(state));
    }
#elif defined(__aarch64__)
    static constexpr std::uint64_t as_zero = std::uint64_t{1} << 24U;  // FZ of FPCR
    static std::uint64_t get() noexcept {
        std::uint64_t state = 0;
        asm volatile("mrs %0, fpcr" : "=r"(state));
        return state;
    }
    static void set(std::uint64_t state) noexcept {
        asm volatile("msr fpcr, %0" : : "r"(state));
    }
#endif

    std::uint64_t before_ = in_effect ? get() : 0;
};

}  // namespace lanewise
