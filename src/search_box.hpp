// The box as a search sees it.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "lanewise/box.hpp"
#include "lanewise/result.hpp"

namespace lanewise {

/// A box with its region: where most starts are drawn, and in whose widths steps and distances are told. It
/// is all of the box, unless another is given. Nothing keeps a run inside of it.
class SearchBox : public Box {
  public:
    explicit SearchBox(const Box& box, std::optional<Region> region = {})
        : Box(box), region_(std::move(region)) {
        for (std::size_t j = 0; j < dimension(); ++j) is_half_log_.push_back(Box::is_half_log(j) ? 1 : 0);
        for (std::size_t j = 0; j < dimension() && region_; ++j) {
            if (width(j) > 0) widening_ = std::max(widening_, (upper()[j] - lower()[j]) / width(j));
        }
    }

    /// None where it is all of the box.
    const std::optional<Region>& region() const noexcept { return region_; }
    double region_lower(std::size_t j) const { return region_ ? region_->lower[j] : lower()[j]; }
    double region_upper(std::size_t j) const { return region_ ? region_->upper[j] : upper()[j]; }
    double width(std::size_t j) const { return region_upper(j) - region_lower(j); }
    bool is_half_log(std::size_t j) const { return is_half_log_[j] != 0; }
    /// Beside x: where a variable spans many decades, no more than that.
    double width_at(std::size_t j, double x) const {
        return is_half_log(j) ? std::min(width(j), std::abs(x)) : width(j);
    }

    /// In the variable in which that is most: the width of the box in widths of the region.
    double widening() const noexcept { return widening_; }

  private:
    std::optional<Region> region_;
    std::vector<std::uint8_t> is_half_log_;  ///< [d] see Box
    double widening_ = 1;
};

/// Whether a point, of as many coordinates, is in the box.
inline bool is_in_box(std::span<const double> x, const Box& box) {
    bool inside = x.size() == box.dimension();
    for (std::size_t j = 0; j < x.size() && inside; ++j)
        inside = x[j] >= box.lower()[j] && x[j] <= box.upper()[j];
    return inside;
}

}  // namespace lanewise
