// A lowered program with what it takes to run it: constants as rows, and machine code where it has been made.
#pragma once

#include <array>
#include <cstddef>
#include <type_traits>
#include <vector>

#include "aligned.hpp"
#include "compiled.hpp"
#include "kernels/table.hpp"
#include "lanewise/isa.hpp"
#include "lanewise/objective.hpp"
#include "lanewise/precision.hpp"
#include "program/lower.hpp"

namespace lanewise {

/// Of two things that are there in both precisions, the one for T.
template <class T, class Doubles, class Floats>
const auto& in_precision(const Doubles& doubles, const Floats& floats) {
    if constexpr (std::is_same_v<T, double>) {
        return doubles;
    } else {
        return floats;
    }
}

template <class T>
inline constexpr Precision precision_of = std::is_same_v<T, double> ? Precision::f64 : Precision::f32;

/// Threads may share one.
class Runnable {
  public:
    Runnable(Lowered lowered, std::size_t dimension);

    const Lowered& lowered() const noexcept { return lowered_; }
    /// Rows that a run writes on: registers, and one for each shared column.
    std::size_t scratch_rows() const noexcept { return lowered_.registers + lowered_.shared_columns.size(); }

    /// Fills the f row of a block, and as many g rows as the program has outputs beside the value.
    template <class T>
    void run(const Block<T>& block, const kernels::DataRows<T>& data = {}) const noexcept;

    /// The machine code; null while there is none.
    const kernels::Native* native(Isa isa, Precision precision) const noexcept {
        return compiled(isa, precision).kernels();
    }
    /// See OwnKernels::compile, and compile_for: of a program with data, an evaluation is one of a row.
    void compile(Isa isa, Precision precision) const;
    void compile_for(double evaluations, Isa isa, Precision precision) const;
    CodeReport machine_code(Isa isa, Precision precision) const { return compiled(isa, precision).report(); }

  private:
    Compiled& compiled(Isa isa, Precision precision) const {
        return compiled_[static_cast<std::size_t>(isa)][static_cast<std::size_t>(precision)];
    }

    Lowered lowered_;
    std::size_t dimension_;
    AlignedArray<double> constants_f64_;  ///< each as a row of one lane group
    AlignedArray<float> constants_f32_;
    mutable std::array<std::array<Compiled, 2>, isas> compiled_;
};

}  // namespace lanewise
