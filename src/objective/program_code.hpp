// The content of a Program.
#pragma once

#include <array>
#include <memory>

#include "aligned.hpp"
#include "compiled.hpp"
#include "lanewise/program.hpp"
#include "program/optimise.hpp"

namespace lanewise {

struct Program::Code {
    explicit Code(Optimised from);

    Optimised optimised;
    AlignedArray<double> f64;  ///< the constants, each as a row of one lane group
    AlignedArray<float> f32;
    /// The same as machine code, by instruction set and precision.
    std::unique_ptr<std::array<std::array<Compiled, 2>, isas>> compiled;

    template <class T>
    const AlignedArray<T>& constants() const {
        if constexpr (sizeof(T) == sizeof(double)) {
            return f64;
        } else {
            return f32;
        }
    }
};

/// `value` is a node of `written`, whose variables are the coordinates 0 .. dimension-1.
std::shared_ptr<const Program::Code> make_program(Graph written, NodeId value, std::size_t dimension);

}  // namespace lanewise
