// Where the runs of a problem begin: at given starts, then at points drawn from its bounds.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "fit_tile.hpp"
#include "lanewise/box.hpp"
#include "lanewise/fit.hpp"
#include "lanewise/problems.hpp"
#include "random.hpp"

namespace lanewise {

/// Drawn points are the same for all problems, in units of their bounds. Starts and bounds of a search are in
/// the logarithm where a variable is on a log scale.
class FitStarts {
  public:
    /// Keeps references to all. \throws std::invalid_argument where a start cannot be drawn, or there is
    /// none.
    FitStarts(const Box& box, const Problems& problems, const FitOptions& options);

    /// Starts of a problem in its first wave, second, ...; 0: there are no more.
    std::size_t of_wave(std::size_t wave) const noexcept;
    bool is_drawn(std::size_t wave, std::size_t i) const noexcept { return index(wave, i) >= given_; }
    /// Writes a start of a wave; false where the one given is not a number.
    bool point(std::size_t problem, const FitBounds& bounds, std::size_t wave, std::size_t i,
               std::span<double> x) const;

    /// The bounds of a problem: as they are given, and as a search has them. Where all problems have the
    /// same, `own` is left alone.
    const FitBounds& given_bounds(std::size_t problem, FitBounds& own) const;
    const FitBounds& bounds(std::size_t problem, FitBounds& own) const;
    /// From a coordinate of the search to the variable, inside the given bounds.
    double to_variable(std::size_t j, double x, const FitBounds& given) const;

  private:
    FitBounds own_given_bounds(std::size_t problem) const;
    FitBounds in_search(FitBounds bounds) const;
    std::size_t index(std::size_t wave, std::size_t i) const noexcept;
    /// The start that is given, [d]; empty: there is none of that index.
    std::span<const double> given(std::size_t problem, std::size_t index) const;
    double drawn(std::size_t index, std::size_t j, double lower, double upper) const;

    const Box* box_;
    const Problems* problems_;
    const FitOptions* options_;
    std::size_t given_;          ///< of each problem
    bool is_open_;               ///< as many are drawn as it takes
    std::size_t drawn_;          ///< at most
    std::vector<double> units_;  ///< [drawn][d] in the unit cube
    bool has_own_bounds_;        ///< problems do
    std::vector<bool> is_log_;   ///< [d]
    FitBounds given_bounds_, bounds_;
};

}  // namespace lanewise
