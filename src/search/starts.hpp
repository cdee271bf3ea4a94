// The starts: points where runs begin.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "design.hpp"
#include "lanewise/options.hpp"
#include "search_box.hpp"

namespace lanewise {

/// The number of starts, given by hand and drawn.
std::size_t count_starts(const Options& options) noexcept;

/// One drawn start in so many is of the sample.
inline constexpr std::uint64_t sample_every = 8;

/// The starts of a search: the points given by hand, then drawn ones. Most of these are the best of some
/// consecutive points of the design, every start of others; the rest is the sample: uniform points whose runs
/// are never pruned. Where there is nothing to choose and to prune and the design is uniform, all drawn
/// starts are the sample. Where the box has a region, one of eight drawn starts is anywhere in the box (those
/// that are always of the sample), and the others are in the region.
class Starts {
  public:
    /// Options as accepted by validate; their start points as `given` has them. Keeps references to all.
    Starts(const SearchBox& box, const Options& options, const std::vector<std::vector<double>>& given);
    Starts(const SearchBox& box, const Options& options) : Starts(box, options, options.start_points) {}

    std::size_t count() const noexcept { return count_; }
    std::size_t given() const noexcept { return given_->size(); }

    /// Writes the start's first candidate.
    void point(std::uint64_t start_id, std::span<double> x) const { candidate(start_id, 0, x); }
    /// The number of points that a start is the best of.
    std::size_t candidates(std::uint64_t start_id) const noexcept;
    /// The evaluations that choosing among them takes.
    std::size_t evaluations(std::uint64_t start_id) const noexcept {
        return candidates(start_id) == 1 ? 0 : candidates(start_id);
    }
    void candidate(std::uint64_t start_id, std::size_t which, std::span<double> x) const;

    bool is_sample(std::uint64_t start_id) const noexcept;
    /// Not given by hand, and not of offspring.
    bool is_drawn(std::uint64_t start_id) const noexcept { return start_id >= given() && start_id < count(); }

  private:
    const SearchBox* box_;
    const std::vector<std::vector<double>>* given_;
    std::size_t count_;
    DesignPoints drawn_;
    UniformPoints sample_;
    std::size_t explore_;
    bool all_are_sample_;
};

}  // namespace lanewise
