// Which points lie in one basin, by what the objective does between them.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "cluster.hpp"
#include "engine/engine.hpp"
#include "search_box.hpp"

namespace lanewise {

/// A point with its value of the minimisation.
struct BasinPoint {
    std::vector<double> x;
    double f;
    bool is_exact;  ///< polished to full precision
};

struct BasinPair {
    BasinPoint a, b;
};

/// Tells of each pair whether both points are in one basin.
using SameBasin = std::function<std::vector<std::uint8_t>(std::span<const BasinPair>)>;

/// They are where the straight way between them has no hump: nowhere a rise and then a fall. Unless both are
/// polished, each variable has to be within half of its size, too: a run can fall to several minima. It keeps
/// references to both arguments.
SameBasin same_basin_by_values(Engine& engine, const SearchBox& box);

/// The same of ends, to which it keeps a reference.
InOneBasin in_one_basin_among(const Ends& ends, const SameBasin& same_basin);

}  // namespace lanewise
