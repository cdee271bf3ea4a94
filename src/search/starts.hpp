// Where the runs begin.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "lanewise/box.hpp"
#include "lanewise/options.hpp"

namespace lanewise {

/// Coordinates in [0, 1) of the uniform start `start_id`: 53 bits each of Philox4x64-10 (Salmon et al. 2011)
/// with key (seed, start id) and counter (block, 0, 0, 0); a block holds four coordinates.
void uniform_start(std::uint64_t seed, std::uint64_t start_id, std::span<double> unit);

inline constexpr std::uint64_t sample_every = 8;

/// The start design of a search: the points given by hand, then drawn ones.
class Starts {
  public:
    /// Options as accepted by validate. Keeps references to both.
    Starts(const Box& box, const Options& options);

    std::size_t count() const noexcept { return given_->size() + drawn_; }
    std::size_t given() const noexcept { return given_->size(); }

    /// Writes the start's first candidate.
    void point(std::uint64_t start_id, std::span<double> x) const { candidate(start_id, 0, x); }
    /// How many points a start is the best of.
    std::size_t candidates(std::uint64_t start_id) const noexcept;
    void candidate(std::uint64_t start_id, std::size_t which, std::span<double> x) const;

    /// True of the starts that stand for all of the box: uniform, no candidates chosen among; their runs are
    /// never pruned. One in `sample_every`, or all where there is nothing to choose and prune.
    bool is_sample(std::uint64_t start_id) const noexcept;

  private:
    const Box* box_;
    const std::vector<std::vector<double>>* given_;
    std::size_t drawn_;
    std::uint64_t seed_;
    std::size_t candidates_;
    bool all_sample_;
};

}  // namespace lanewise
