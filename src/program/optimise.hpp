// From an objective as it was written to a program: simplify, differentiate, reduce, lower.
#pragma once

#include <cstddef>
#include <string>

#include "graph.hpp"
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

/// An objective as it was written.
struct Written {
    std::size_t dimension;
    Graph graph;
    NodeId value;
};

/// And as it is run.
struct Optimised {
    Written written;
    Lowered lowered;
};

/// `value` is a node of `written`, whose variables are the coordinates 0 .. dimension-1.
Optimised optimise(Graph written, NodeId value, std::size_t dimension, const DataLayout& layout = {});

/// The outputs of a graph that is simplified, in their cheapest form.
Lowered lower_cheaply(const Outputs& outputs, const DataLayout& layout);

/// See lanewise::Program::dump.
std::string dump(const Written& written, const Lowered& lowered);

}  // namespace lanewise
