// The coordinates in which a search goes.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "lanewise/box.hpp"
#include "lanewise/objective.hpp"

namespace lanewise {

/// Of a variable on a log scale the coordinate is log(x / lower), of any other x itself.
class Coordinates {
  public:
    /// Keeps references to all. `points` are to be taken over into coordinates.
    Coordinates(const Objective& objective, const Box& box, const std::vector<std::vector<double>>& points);

    /// There is no variable on a log scale.
    bool are_plain() const noexcept { return !box_; }

    const Objective& given_objective() const noexcept { return *given_objective_; }
    const Box& given_box() const noexcept { return *given_box_; }

    /// The objective, a function of the coordinates, and the box of these.
    const Objective& objective() const noexcept { return objective_ ? *objective_ : *given_objective_; }
    const Box& box() const noexcept { return box_ ? *box_ : *given_box_; }
    /// The points, in coordinates.
    const std::vector<std::vector<double>>& points() const noexcept {
        return are_plain() ? *given_points_ : points_;
    }

    /// From coordinates to variables. Bounds are kept exactly.
    void to_variables(std::span<double> x) const;

  private:
    const Objective* given_objective_;
    const Box* given_box_;
    const std::vector<std::vector<double>>* given_points_;
    std::unique_ptr<const Objective> objective_;
    std::unique_ptr<const Box> box_;
    std::vector<std::vector<double>> points_;
};

}  // namespace lanewise
