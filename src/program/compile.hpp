// From a formula as it was written to a program: simplify, differentiate, reduce, lower.
#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <string>

#include "aligned.hpp"
#include "graph.hpp"
#include "jit/compiled.hpp"
#include "lanewise/program.hpp"
#include "lower.hpp"

namespace lanewise {

/// Largest formula, in operations as written with sums unrolled, and the most steps unrolling may take.
#if defined(FUZZING_BUILD_MODE_UNSAFE_FOR_PRODUCTION)  // under sanitizers, thousands of texts a second
inline constexpr std::size_t most_nodes = 2'000;
inline constexpr std::size_t most_steps = 20'000;
#else
inline constexpr std::size_t most_nodes = 2'000'000;
inline constexpr std::size_t most_steps = 20'000'000;
#endif

struct Program::Code {
    std::size_t dimension;
    Graph written;  ///< what was compiled
    NodeId value;
    Lowered lowered;
    AlignedArray<double> f64;  ///< the constants, each as a row of one lane group
    AlignedArray<float> f32;

    template <class T>
    const AlignedArray<T>& constants() const {
        if constexpr (sizeof(T) == sizeof(double)) {
            return f64;
        } else {
            return f32;
        }
    }

    /// The same as machine code, by instruction set and precision.
    std::unique_ptr<std::array<std::array<jit::Compiled, 2>, isas>> compiled;
};

/// `value` is a node of `written`, whose variables are the coordinates 0 .. dimension-1.
std::shared_ptr<const Program::Code> compile(Graph written, NodeId value, std::size_t dimension);

}  // namespace lanewise
