// From syntax to graph: names resolved, indices worked out, sums unrolled.
#pragma once

#include <string_view>
#include <vector>

#include "graph.hpp"
#include "lanewise/box.hpp"
#include "lanewise/formula.hpp"

namespace lanewise {

/// Adds the text's value to the graph and returns it. The variables are the coordinates of the box.
/// \throws ParseError
NodeId translate(std::string_view text, const Box& box, const Parameters& parameters, Graph& graph);

/// True for the names of functions and constants that nothing else can be called.
bool is_reserved_name(std::string_view name);

/// Of all functions but sum and prod. Some give way to a variable, parameter, definition or index of that
/// name.
std::vector<std::string_view> function_names();

}  // namespace lanewise
