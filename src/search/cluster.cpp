#include "cluster.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <functional>
#include <limits>
#include <numeric>
#include <utility>

namespace lanewise {

namespace {

constexpr std::uint32_t none = std::numeric_limits<std::uint32_t>::max();

/// Coordinates of the grid. Nearness is by coordinate: what is near lies in the same cell or the next in each
/// of them.
constexpr std::size_t most_grid_coordinates = 6;
using Cell = std::array<std::int64_t, most_grid_coordinates>;

std::uint64_t hash(const Cell& cell) {
    std::uint64_t hash = 0;
    for (const std::int64_t index : cell) {
        hash = (hash ^ static_cast<std::uint64_t>(index)) * 0x9E3779B97F4A7C15U;
        hash ^= hash >> 32U;
    }
    return hash;
}

/// The coordinates in which the ends vary most.
std::vector<std::size_t> grid_coordinates(const Ends& ends) {
    constexpr std::size_t sampled = 1000;
    const std::size_t stride = ends.count() / sampled + 1;
    std::vector<double> mean(ends.dimension(), 0);
    std::vector<double> deviation(ends.dimension(), 0);
    double n = 0;
    for (std::size_t i = 0; i < ends.count(); i += stride) {
        const double* const x = ends.point(i);
        ++n;
        for (std::size_t j = 0; j < ends.dimension(); ++j) {
            const double from_mean = x[j] - mean[j];
            mean[j] += from_mean / n;
            deviation[j] += from_mean * (x[j] - mean[j]);
        }
    }
    std::vector<std::size_t> coordinates(ends.dimension());
    std::iota(coordinates.begin(), coordinates.end(), std::size_t{0});
    std::ranges::stable_sort(coordinates, std::greater(), [&](std::size_t j) { return deviation[j]; });
    coordinates.resize(std::min(coordinates.size(), most_grid_coordinates));
    return coordinates;
}

/// Takes ends best first.
class Markers {
  public:
    Markers(const Ends& ends, const Nearness& nearness)
        : ends_(&ends),
          nearness_(nearness),
          nearness_per_cell_(
              std::clamp(widest_cell / nearness.distance, 1.0, std::isfinite(nearness.value) ? 32.0 : 4.0)),
          cells_per_width_(1 / (nearness_per_cell_ * std::max(nearness.distance, least_distance))),
          exact_share_(nearness.exact_value / nearness.value),
          grid_(grid_coordinates(ends)),
          newest_(std::bit_ceil(ends.count() + 1), none) {
        markers_.reserve(ends.count());
    }

    /// The cluster of an end; `next_cluster` when no marker is near.
    std::uint32_t place(std::uint32_t end, std::uint32_t next_cluster) {
        const End& placed = (*ends_)[end];
        f_ = placed.f;
        x_ = ends_->point(end);
        is_exact_ = placed.of == EndOf::polish;
        best_ = none;
        crowded_ = false;
        std::uint32_t cluster = placed.of == EndOf::polish_start ? of_polish(placed.index) : none;
        if (cluster == none) {
            look_around();
            cluster = best_ == none ? next_cluster : markers_[best_].cluster;
        }
        if (placed.of == EndOf::polish || placed.of == EndOf::cut_polish) of_polish(placed.index) = cluster;
        if (!crowded_) {
            std::uint32_t& newest = newest_[bucket(cell_at(0))];
            markers_.push_back({f_, end, newest, cluster});
            newest = static_cast<std::uint32_t>(markers_.size() - 1);
        }
        return cluster;
    }

  private:
    struct Marker {
        double f;
        std::uint32_t end;
        std::uint32_t next_better;  ///< in the same bucket
        std::uint32_t cluster;
    };

    /// Of a cell; what is nearer still shares one.
    static constexpr double least_distance = 1e-12;
    /// In units of the box; wider only where what is near is.
    static constexpr double widest_cell = 0.1;
    /// A little more than what is near, for rounding.
    static constexpr double reach = 1 + 1e-6;

    std::uint32_t& of_polish(std::uint32_t index) {
        if (index >= of_polish_.size()) of_polish_.resize(index + std::size_t{1}, none);
        return of_polish_[index];
    }

    /// The cell of x moved by `offset` units of nearness.
    Cell cell_at(double offset) const {
        const double moved = offset / nearness_per_cell_;
        Cell cell{};
        for (std::size_t i = 0; i < grid_.size(); ++i) {
            const double at = x_[grid_[i]] * cells_per_width_ + moved;
            cell[i] = static_cast<std::int64_t>(at) - (at < 0 ? 1 : 0);
        }
        return cell;
    }

    std::size_t bucket(const Cell& cell) const { return hash(cell) & (newest_.size() - 1); }

    /// Looks into every cell that holds something near.
    void look_around() {
        const Cell first = cell_at(-reach);
        const Cell last = cell_at(reach);
        Cell cell = first;
        for (std::size_t i = 0; i < grid_.size();) {
            if (i == 0) look_into(bucket(cell));
            if (cell[i] < last[i]) {
                ++cell[i];
                i = 0;
            } else {
                cell[i] = first[i];
                ++i;
            }
        }
        if (grid_.empty()) look_into(bucket(cell));
    }

    void look_into(std::size_t bucket) {
        for (std::uint32_t i = newest_[bucket]; i != none; i = markers_[i].next_better) {
            const Marker& marker = markers_[i];
            const double apart_in_value =
                (f_ - marker.f) / (nearness_.value * std::max(1.0, std::abs(marker.f)));
            if (apart_in_value > 1) break;  // those after it are better still
            if (is_exact_ && (*ends_)[marker.end].of == EndOf::polish && apart_in_value > exact_share_)
                continue;
            const double apart = std::max(apart_in_value, distance_to(ends_->point(marker.end)));
            if (apart <= 1) best_ = std::min(best_, i);
            if (apart <= 0.5) crowded_ = true;
        }
    }

    /// Largest distance in a coordinate, in units of nearness; one above 1 need not be exact.
    double distance_to(const double* x) const {
        double largest = 0;
        for (std::size_t j = 0; j < ends_->dimension() && largest <= nearness_.distance; ++j)
            largest = std::max(largest, std::abs(x_[j] - x[j]));
        return largest / nearness_.distance;
    }

    const Ends* ends_;
    Nearness nearness_;
    /// Cells are wider than what is near, so that a look around goes into few of them; not as wide where
    /// values do not tell those within a cell apart.
    double nearness_per_cell_;
    double cells_per_width_;
    double exact_share_;
    std::vector<std::size_t> grid_;
    std::vector<Marker> markers_;           ///< best first
    std::vector<std::uint32_t> newest_;     ///< [bucket] marker; cells that share a bucket only cost time
    std::vector<std::uint32_t> of_polish_;  ///< [index of the polish] cluster

    // The end being placed, and what was found about it.
    double f_ = 0;
    const double* x_ = nullptr;
    bool is_exact_ = false;
    std::uint32_t best_ = none;  ///< the best marker near
    bool crowded_ = false;       ///< there is a marker within half of nearness
};

}  // namespace

Ends::Ends(const Box& box, std::size_t most) : box_(&box) {
    for (std::size_t j = 0; j < box.dimension(); ++j) {
        widths_.push_back(box.upper()[j] - box.lower()[j]);
        if (widths_[j] > 0) free_.push_back(j);
    }
    ends_.reserve(most);
    x_.reserve(most * free_.size());
}

std::vector<End> founders(const Clusters& clusters) {
    std::vector<End> founders;
    for (const auto& [end, cluster] : clusters.members) {
        if (cluster == founders.size()) founders.push_back(end);
    }
    return founders;
}

Clusters cluster(const Ends& ends, const Nearness& nearness) {
    std::vector<std::pair<double, std::uint32_t>> order;
    order.reserve(ends.count());
    for (std::uint32_t end = 0; end < ends.count(); ++end) order.emplace_back(ends[end].f, end);
    std::ranges::sort(order);
    Clusters clusters{.members = {}, .count = 0};
    clusters.members.reserve(ends.count());
    Markers markers(ends, nearness);
    for (const auto& [f, end] : order) {
        const std::uint32_t of = markers.place(end, static_cast<std::uint32_t>(clusters.count));
        clusters.members.push_back({ends[end], of});
        clusters.count = std::max<std::size_t>(clusters.count, of + std::size_t{1});
    }
    return clusters;
}

}  // namespace lanewise
