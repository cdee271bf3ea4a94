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

/// The start ids from `first` on and before `last`.
struct StartRange {
    std::uint64_t first, last;
    std::size_t count() const noexcept { return last - first; }
};

/// Those that the search works on: of its part, if it has one.
StartRange starts_to_run(const Options& options) noexcept;

/// Offspring are at most so many times as many as drawn starts.
inline constexpr std::size_t most_offspring = 2;

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

    /// Of all parts.
    std::size_t count() const noexcept { return count_; }
    /// The given ones among these come first.
    std::size_t given() const noexcept { return given_->size(); }
    const StartRange& to_run() const noexcept { return to_run_; }
    /// Of the first so many of those to run.
    std::size_t drawn_of(std::size_t begun) const noexcept;
    /// Ids of offspring begin here; those of other parts are others.
    std::uint64_t first_offspring() const noexcept { return count() + most_offspring * to_run().first; }

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
    StartRange to_run_;
    DesignPoints drawn_;
    UniformPoints sample_;
    std::size_t explore_;
    bool all_are_sample_;
};

}  // namespace lanewise
