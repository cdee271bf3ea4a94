// Start designs: sequences of points in the unit cube. A point is a function of seed and index alone; indices
// are below 2^53, and each coordinate is a multiple of 2^-53 in [0, 1).
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <variant>
#include <vector>

#include "lanewise/options.hpp"
#include "random.hpp"
#include "sobol.hpp"

namespace lanewise {

/// The Sobol sequence, each coordinate scrambled (Owen 1995): every point is uniform, and any 2^k points from
/// a multiple of 2^k on are as evenly spread as before.
class SobolPoints {
  public:
    SobolPoints(std::uint64_t seed, std::size_t dimension);
    void point(std::uint64_t index, std::span<double> unit) const noexcept;

  private:
    SobolSequence sequence_;
    std::vector<std::uint64_t> keys_;  ///< [coordinate]
};

/// A Latin hypercube that doubles: among the first 2^k points, each interval [i, i + 1) 2^-k of a coordinate
/// holds exactly one; the next 2^k points fill the halves that are still empty. The order in which they do is
/// random for each coordinate, and so is the place within an interval.
class LatinHypercubePoints {
  public:
    LatinHypercubePoints(std::uint64_t seed, std::size_t dimension);
    void point(std::uint64_t index, std::span<double> unit) const noexcept;

  private:
    struct Keys {
        std::uint64_t order, place;
    };
    std::vector<Keys> keys_;  ///< [coordinate]
};

using DesignPoints = std::variant<UniformPoints, SobolPoints, LatinHypercubePoints>;

DesignPoints design_points(Design design, std::uint64_t seed, std::size_t dimension);

}  // namespace lanewise
