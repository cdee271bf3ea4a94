// Random numbers by counter: each is a function of seed, index and purpose alone.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace lanewise {

/// What random numbers are for. Numbers of different purposes are independent.
enum class Purpose : std::uint64_t { coordinates = 0, keys = 1, rows = 2 };

inline constexpr std::size_t random_words_at_once = 4;

/// Philox4x64-10 (Salmon et al. 2011) with key (seed, index) and counter (block, purpose, 0, 0).
std::array<std::uint64_t, random_words_at_once> random_words(std::uint64_t seed, std::uint64_t index,
                                                             std::uint64_t block, Purpose purpose) noexcept;

/// The multiple of 2^-53 in [0, 1) that the upper bits stand for.
constexpr double to_unit(std::uint64_t word) noexcept {
    return static_cast<double>(word >> 11U) * 0x1p-53;
}

/// Independent uniform points of the unit cube; block b of random words holds coordinates 4 b to 4 b + 3.
class UniformPoints {
  public:
    explicit UniformPoints(std::uint64_t seed) : seed_(seed) {}
    void point(std::uint64_t index, std::span<double> unit) const noexcept;

  private:
    std::uint64_t seed_;
};

}  // namespace lanewise
