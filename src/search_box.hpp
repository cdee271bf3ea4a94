// The box as a search sees it.
#pragma once

#include <algorithm>
#include <cstddef>
#include <optional>
#include <utility>

#include "lanewise/box.hpp"
#include "lanewise/result.hpp"

namespace lanewise {

/// A box with its region: where most starts are drawn, and in whose widths steps and distances are told. It
/// is all of the box, unless another is given. Nothing keeps a run inside of it.
class SearchBox : public Box {
  public:
    explicit SearchBox(const Box& box, std::optional<Region> region = {})
        : Box(box), region_(std::move(region)) {
        for (std::size_t j = 0; j < dimension() && region_; ++j) {
            if (width(j) > 0) widening_ = std::max(widening_, (upper()[j] - lower()[j]) / width(j));
        }
    }

    /// None where it is all of the box.
    const std::optional<Region>& region() const noexcept { return region_; }
    double region_lower(std::size_t j) const { return region_ ? region_->lower[j] : lower()[j]; }
    double region_upper(std::size_t j) const { return region_ ? region_->upper[j] : upper()[j]; }
    double width(std::size_t j) const { return region_upper(j) - region_lower(j); }

    /// In the variable in which that is most: the width of the box in widths of the region.
    double widening() const noexcept { return widening_; }

  private:
    std::optional<Region> region_;
    double widening_ = 1;
};

}  // namespace lanewise
