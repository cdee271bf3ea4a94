#include "cluster.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <functional>
#include <limits>

namespace lanewise {

namespace {

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

/// The coordinates in which the ends vary most, in units of the box.
std::vector<std::size_t> grid_coordinates(const Ends& ends, const std::vector<Clusters::Member>& members) {
    constexpr std::size_t sampled = 1000;
    const std::size_t stride = members.size() / sampled + 1;
    const std::size_t d = ends.widths.size();
    std::vector<double> deviation(d, 0);
    std::vector<std::size_t> coordinates;
    for (std::size_t j = 0; j < d; ++j) {
        if (ends.widths[j] == 0) continue;
        coordinates.push_back(j);
        double mean = 0;
        double n = 0;
        for (std::size_t i = 0; i < members.size(); i += stride) {
            const double x = ends.x(members[i].end, j) / ends.widths[j];
            ++n;
            const double from_mean = x - mean;
            mean += from_mean / n;
            deviation[j] += from_mean * (x - mean);
        }
    }
    std::ranges::stable_sort(coordinates, std::greater(), [&](std::size_t j) { return deviation[j]; });
    coordinates.resize(std::min(coordinates.size(), most_grid_coordinates));
    return coordinates;
}

class Scouts {
  public:
    /// `members` sorted best first; their clusters are filled in by `place`.
    Scouts(const Ends& ends, std::vector<Clusters::Member>& members, const Nearness& nearness)
        : ends_(&ends),
          members_(&members),
          nearness_(nearness),
          exact_share_(nearness.exact_value / nearness.value),
          grid_(grid_coordinates(ends, members)),
          newest_(std::bit_ceil(members.size() + 1), none),
          cluster_of_(ends.polished),
          x_(ends.widths.size()) {}

    /// Finds the cluster of member `at`; `next_cluster` when no scout is near. To be called in order.
    void place(std::uint32_t at, std::uint32_t next_cluster) {
        Clusters::Member& member = (*members_)[at];
        f_ = member.f;
        is_exact_ = member.end < ends_->polished;
        for (std::size_t j = 0; j < x_.size(); ++j) x_[j] = ends_->x(member.end, j);
        best_ = none;
        crowded_ = false;
        if (member.end >= ends_->polished && member.end < 2 * ends_->polished) {
            member.cluster = cluster_of_[member.end - ends_->polished];
        } else {
            look_around();
            member.cluster = best_ == none ? next_cluster : (*members_)[scouts_[best_].member].cluster;
        }
        if (is_exact_) cluster_of_[member.end] = member.cluster;
        if (!crowded_) {
            std::uint32_t& newest = newest_[hash(cell_at(0)) & (newest_.size() - 1)];
            scouts_.push_back({at, newest});
            newest = static_cast<std::uint32_t>(scouts_.size() - 1);
        }
    }

  private:
    static constexpr std::uint32_t none = std::numeric_limits<std::uint32_t>::max();

    struct Scout {
        std::uint32_t member;
        std::uint32_t next_better;  ///< in the same bucket
    };

    /// The cell of x moved by `offset` units of nearness. Cells are wider than what is near, so that a look
    /// around goes into few of them.
    Cell cell_at(double offset) const {
        Cell cell{};
        for (std::size_t i = 0; i < grid_.size(); ++i) {
            const double x = x_[grid_[i]] / ends_->widths[grid_[i]];
            cell[i] = static_cast<std::int64_t>(std::floor((x / nearness_.distance + offset) / 4));
        }
        return cell;
    }

    /// Looks into every cell that holds something near.
    void look_around() {
        constexpr double reach = 1 + 1e-6;  // a little more, for rounding
        const Cell first = cell_at(-reach);
        const Cell last = cell_at(reach);
        Cell cell = first;
        for (std::size_t i = 0; i < grid_.size();) {
            if (i == 0) look_into(hash(cell) & (newest_.size() - 1));
            if (cell[i] < last[i]) {
                ++cell[i];
                i = 0;
            } else {
                cell[i] = first[i];
                ++i;
            }
        }
        if (grid_.empty()) look_into(hash(cell) & (newest_.size() - 1));
    }

    void look_into(std::size_t bucket) {
        for (std::uint32_t i = newest_[bucket]; i != none; i = scouts_[i].next_better) {
            const Clusters::Member& scout = (*members_)[scouts_[i].member];
            const double apart_in_value =
                (f_ - scout.f) / (nearness_.value * std::max(1.0, std::abs(scout.f)));
            if (apart_in_value > 1) break;  // those after it are better still
            if (is_exact_ && scout.end < ends_->polished && apart_in_value > exact_share_) continue;
            const double apart = std::max(apart_in_value, distance_to(scout.end));
            if (apart <= 1) best_ = std::min(best_, i);
            if (apart <= 0.5) crowded_ = true;
        }
    }

    /// Largest distance in a coordinate, in units of nearness; one above 1 need not be exact.
    double distance_to(std::uint32_t end) const {
        double largest = 0;
        for (std::size_t j = 0; j < x_.size() && largest <= 1; ++j) {
            if (ends_->widths[j] == 0) continue;
            const double apart = std::abs(x_[j] - ends_->x(end, j));
            largest = std::max(largest, apart / (nearness_.distance * ends_->widths[j]));
        }
        return largest;
    }

    const Ends* ends_;
    std::vector<Clusters::Member>* members_;
    Nearness nearness_;
    double exact_share_;
    std::vector<std::size_t> grid_;
    std::vector<Scout> scouts_;          ///< best first
    std::vector<std::uint32_t> newest_;  ///< [bucket] scout; cells that share a bucket only cost time

    std::vector<std::uint32_t> cluster_of_;  ///< [polished minimum]

    // The end being placed, and what was found about it.
    double f_ = 0;
    bool is_exact_ = false;
    std::vector<double> x_;
    std::uint32_t best_ = none;  ///< the best scout near
    bool crowded_ = false;       ///< there is a scout within half of nearness
};

}  // namespace

Clusters cluster(const Ends& ends, const Nearness& nearness) {
    Clusters clusters{.members = {}, .count = 0};
    clusters.members.reserve(ends.count);
    for (std::uint32_t end = 0; end < ends.count; ++end) {
        const double f = ends.f(end);
        if (std::isfinite(f)) clusters.members.push_back({f, end, 0});
    }
    std::ranges::sort(clusters.members, [](const auto& a, const auto& b) {
        return a.f < b.f || (a.f == b.f && a.end < b.end);
    });
    Scouts scouts(ends, clusters.members, nearness);
    for (std::uint32_t at = 0; at < clusters.members.size(); ++at) {
        scouts.place(at, static_cast<std::uint32_t>(clusters.count));
        clusters.count = std::max<std::size_t>(clusters.count, clusters.members[at].cluster + std::size_t{1});
    }
    return clusters;
}

}  // namespace lanewise
