// The Sobol sequence as it is before scrambling.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace lanewise {

/// Points of the Sobol sequence with the direction numbers of Joe & Kuo (2008), in the order of Antonov &
/// Saleev (1980), the origin first. A coordinate is a 64-bit fraction of 1. Among the first 2^k points, and
/// among the next 2^k, each interval [i, i + 1) 2^-k of a coordinate holds exactly one.
class SobolSequence {
  public:
    /// Of at most most_sobol_dimensions.
    explicit SobolSequence(std::size_t dimension);

    /// Writes the coordinates `first`, `first` + 1, ... of a point. The index is below 2^53.
    void coordinates(std::uint64_t index, std::size_t first, std::span<std::uint64_t> x) const noexcept;

  private:
    std::size_t dimension_;
    std::vector<std::uint64_t> directions_;  ///< [bit of the index][coordinate]
};

}  // namespace lanewise
