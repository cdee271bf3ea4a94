// From run ends to distinct minima.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

namespace lanewise {

/// The ends of runs, as the clustering sees them. `width` 0 marks a fixed variable.
struct RunEnds {
    std::size_t runs;
    std::span<const double> widths;                                    ///< [d] of the box
    std::function<double(std::size_t run)> f;                          ///< not finite: the run is left out
    std::function<double(std::size_t run, std::size_t coordinate)> x;
};

/// How near two ends have to be to be one minimum.
struct Nearness {
    double distance = 1e-3;  ///< of the box width, for each coordinate
    double value = 1e-3;     ///< times max(1, |f|)
};

/// Leader clustering: ends are taken best first (ties: smaller run first); each joins the best earlier leader near
/// in both senses, or else becomes a leader itself. Returns the clusters best first, each beginning with its
/// leader. Near leaders are found by a hash grid over three fixed projections of the point.
std::vector<std::vector<std::uint32_t>> cluster(const RunEnds& ends, const Nearness& nearness = {});

}  // namespace lanewise
