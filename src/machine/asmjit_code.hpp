// What the assemblers of all processor families share: AsmJit's code and its errors, the pool, and where
// places are.
#pragma once

#include <asmjit/core.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "assembler.hpp"
#include "kernels/table.hpp"

namespace lanewise::machine {

/// \throws std::runtime_error unless all went well.
void check(asmjit::Error error);

/// What the assembler reports.
class Errors : public asmjit::ErrorHandler {
  public:
    void handleError(asmjit::Error error, const char* message, asmjit::BaseEmitter* origin) override;
};

/// Code that an emitter of AsmJit's writes. It begins with the pool.
template <class Emitter>
class AsmJitCode : public Assembler {
  public:
    std::size_t bytes() const final { return code_.codeSize(); }

    void copy_to(std::byte* address) final {
        check(code_.flatten());
        check(code_.resolveUnresolvedLinks());
        check(code_.relocateToBase(reinterpret_cast<std::uintptr_t>(address)));
        check(code_.copyFlattenedData(address, code_.codeSize()));
    }

    std::string text() const final { return log_.data(); }

    void begin_evaluate() final {
        a_.comment("; values and gradients of a tile");
        body_ = a_.newLabel();
        a_.bind(body_);
    }

    void begin_turns(std::size_t dimension) final {
        a_.comment("; Adam's iterations: a turn");
        frame_bytes_ = static_cast<int>(kernels::frame_rows(dimension)) * vector_bytes();
        leave_ = a_.newLabel();
        body_ = a_.newLabel();
        loop_ = a_.newLabel();
        a_.bind(loop_);
    }

  protected:
    /// Where instructions out of the way compute a result, and come back.
    struct Detour {
        asmjit::Label begin, end;
        Register to, from;
        kernels::Call function;  ///< null: the root
    };

    /// How often the pool has each of its numbers.
    enum class PoolOf : std::uint8_t { numbers, vectors };

    AsmJitCode(asmjit::Arch arch, Precision precision, int vector_bytes, PoolOf pool_of,
               std::span<const double> pool, bool with_text)
        : is_double_(precision == Precision::f64), vector_bytes_(vector_bytes), pool_of_(pool_of) {
        check(code_.init(asmjit::Environment(arch)));
        code_.setErrorHandler(&errors_);
        check(code_.attach(&a_));
        embed_pool(pool);
        if (with_text) code_.setLogger(&log_);
    }

    bool is_double() const { return is_double_; }
    int vector_bytes() const { return vector_bytes_; }
    int number_bytes() const { return is_double_ ? 8 : 4; }
    int lanes() const { return vector_bytes() / number_bytes(); }

    /// Bytes from where its base points. Rows of a tile are as far from each other as the tile is wide: for
    /// them there is no such number.
    std::int32_t offset(Place place) const {
        const auto index = static_cast<std::int32_t>(place.index);
        switch (place.base) {
            case Base::spill: return locals_bytes + index * vector_bytes();
            case Base::pool: return index * (pool_of_ == PoolOf::numbers ? number_bytes() : vector_bytes());
            case Base::value: return 0;
            default: return index * vector_bytes();
        }
    }

    // On the stack: sixteen words, a vector for calls aside, and what is spilled.
    static constexpr std::int32_t aside_offset = 128;
    static constexpr std::int32_t locals_bytes = 192;
    /// The stack grows page by page.
    static constexpr std::int32_t page_bytes = 4096;
    static constexpr std::int32_t alignment = 64;

    std::int32_t stack_bytes(std::size_t spills) const {
        return offset({Base::spill, static_cast<std::uint32_t>(spills)});
    }

  private:
    void embed_pool(std::span<const double> pool) {
        a_.align(asmjit::AlignMode::kData, kernels::row_alignment);
        pool_ = a_.newNamedLabel("pool");
        a_.bind(pool_);
        const std::size_t repeat = pool_of_ == PoolOf::numbers ? 1 : static_cast<std::size_t>(lanes());
        const auto embed = [&]<class T>(T) {
            std::vector<T> numbers;
            numbers.reserve(pool.size() * repeat);
            for (const double number : pool) numbers.insert(numbers.end(), repeat, static_cast<T>(number));
            a_.embed(numbers.data(), numbers.size() * sizeof(T));
        };
        if (is_double_) {
            embed(double{});
        } else {
            embed(float{});
        }
        a_.align(asmjit::AlignMode::kData, kernels::row_alignment);
    }

    bool is_double_;
    int vector_bytes_;
    PoolOf pool_of_;
    Errors errors_;
    asmjit::StringLogger log_;

  protected:
    asmjit::CodeHolder code_;
    Emitter a_;
    asmjit::Label pool_;
    asmjit::Label body_;   ///< where a function begins, once it has its stack
    asmjit::Label loop_;   ///< of a piece, or the turns
    asmjit::Label leave_;  ///< where turns end because a lane is not finite
    int frame_bytes_ = 0;
    std::vector<Detour> detours_;
};

}  // namespace lanewise::machine
