// A program as instructions of this processor, made in the process.
#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include "kernels/table.hpp"
#include "lanewise/isa.hpp"
#include "lanewise/precision.hpp"
#include "mapping.hpp"
#include "program/lower.hpp"

namespace lanewise::machine {

/// How a step takes its roots, to the same bits.
enum class Roots {
    by_divider,
    by_newton,  ///< where the kernels do so anywhere (Functions::least_newton_root), else by the divider
    quickest,   ///< on this processor (newton_roots.hpp)
};

/// Kernels of one program for one instruction set and precision. Programs of up to `most_fused` instructions
/// have Adam's step in the same code. Longer ones are evaluated piece by piece, each over all lanes of a
/// tile, so that its code is near while it runs. Making code takes time in proportion to the program.
class MachineCode {
  public:
    static constexpr std::size_t most_fused = 40'000;
    static constexpr std::size_t piece = 2000;  ///< instructions
    /// Bytes of a thread's stack. A program that needs more is cut into smaller pieces.
    static constexpr std::size_t most_stack = std::size_t{32} << 10;
    static constexpr std::size_t most_bytes = std::size_t{128} << 20;

    /// \throws std::runtime_error saying why there can be none: of the instruction set, because it would be
    /// longer than `most_bytes`, or because the system refuses executable memory.
    MachineCode(const Lowered& lowered, std::size_t dimension, Isa isa, Precision precision,
                Roots roots = Roots::quickest);

    const kernels::Native& kernels() const noexcept { return kernels_; }
    std::size_t bytes() const noexcept { return mapping_->bytes(); }
    double seconds() const noexcept { return seconds_; }  ///< that making it took

  private:
    std::unique_ptr<Mapping> mapping_;
    double seconds_;
    kernels::Native kernels_{};
};

/// The instructions as text.
std::string assembly(const Lowered& lowered, std::size_t dimension, Isa isa, Precision precision);

}  // namespace lanewise::machine
