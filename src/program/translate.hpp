// From syntax to graph: names resolved, indices worked out, sums unrolled.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "graph.hpp"
#include "lanewise/box.hpp"
#include "lanewise/data.hpp"
#include "lanewise/formula.hpp"

namespace lanewise {

/// The names of a text beside those of variables and parameters.
struct DataNames {
    std::vector<std::string> columns = {};     ///< by their index
    std::vector<std::string> parameters = {};  ///< that differ by problem, by their index
    const Tables* tables = nullptr;
    /// Columns are known everywhere: the text says what there is of one row.
    bool is_of_a_row = false;
};

/// Adds the text's value to the graph and returns it. The variables are the coordinates of the box.
/// \throws ParseError
NodeId translate(std::string_view text, const Box& box, const Parameters& parameters, Graph& graph,
                 const DataNames& data = {});

/// Checks what a text can name beside its data.
/// \throws std::invalid_argument naming what has no usable name, or one that is taken, or is not finite.
void check_names(const Box& box, const Parameters& parameters, const Tables& tables);

/// True for the names of functions and constants that nothing else can be called.
bool is_reserved_name(std::string_view name);

/// Of all functions but sum, prod and rows. Some give way to a variable, parameter, definition or index of
/// that name.
std::vector<std::string_view> function_names();

}  // namespace lanewise
