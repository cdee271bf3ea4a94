#include "cluster.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <limits>

namespace lanewise {

namespace {

constexpr std::size_t projections = 3;
using Cell = std::array<std::int64_t, projections>;

std::uint64_t hash(const Cell& cell) {
    std::uint64_t hash = 0;
    for (const std::int64_t index : cell) {
        hash = (hash ^ static_cast<std::uint64_t>(index)) * 0x9E3779B97F4A7C15U;
        hash ^= hash >> 32U;
    }
    return hash;
}

/// Projections of box-scaled points whose weights add up to 1 in absolute value: two points within a distance
/// in every coordinate are within it in every projection.
class Projection {
  public:
    explicit Projection(std::span<const double> widths) : d_(widths.size()), weights_(d_ * projections) {
        for (std::size_t p = 0; p < projections; ++p) {
            double total = 0;
            for (std::size_t j = 0; j < d_; ++j) {
                if (widths[j] == 0) continue;
                // Unlike weights of either sign, from the fractional parts of multiples of the golden ratio.
                const double turn = 0.6180339887498949 * static_cast<double>(p * d_ + j + 1);
                const double weight = (turn - std::floor(turn)) * 2 - 1;
                weights_[p * d_ + j] = weight / widths[j];
                total += std::abs(weight);
            }
            for (std::size_t j = 0; j < d_ && total > 0; ++j) weights_[p * d_ + j] /= total;
        }
    }

    std::array<double, projections> operator()(std::span<const double> x) const {
        std::array<double, projections> projected{};
        for (std::size_t p = 0; p < projections; ++p) {
            for (std::size_t j = 0; j < d_; ++j) projected[p] += weights_[p * d_ + j] * x[j];
        }
        return projected;
    }

  private:
    std::size_t d_;
    std::vector<double> weights_;
};

class Scouts {
  public:
    /// `members` sorted best first; their clusters are filled in by `place`.
    Scouts(const RunEnds& ends, std::vector<Clusters::Member>& members, const Nearness& nearness)
        : ends_(&ends),
          members_(&members),
          nearness_(nearness),
          projection_(ends.widths),
          newest_(std::bit_ceil(members.size() + 1), none),
          x_(ends.widths.size()) {}

    /// Finds the cluster of member `at`; `next_cluster` when no scout is near. To be called in order.
    void place(std::uint32_t at, std::uint32_t next_cluster) {
        Clusters::Member& member = (*members_)[at];
        f_ = member.f;
        for (std::size_t j = 0; j < x_.size(); ++j) x_[j] = ends_->x(member.run, j);
        best_ = none;
        crowded_ = false;
        const std::array<double, projections> projected = projection_(x_);
        // A little more than the distance, for the rounding of the projections.
        const double reach = nearness_.distance * (1 + 1e-6);
        const Cell first = cell_at(projected, -reach);
        const Cell last = cell_at(projected, reach);
        Cell cell{};
        for (cell[0] = first[0]; cell[0] <= last[0]; ++cell[0])
            for (cell[1] = first[1]; cell[1] <= last[1]; ++cell[1])
                for (cell[2] = first[2]; cell[2] <= last[2]; ++cell[2]) look_into(bucket(cell));
        member.cluster = best_ == none ? next_cluster : (*members_)[scouts_[best_].member].cluster;
        if (!crowded_) {
            std::uint32_t& newest = newest_[bucket(cell_at(projected, 0))];
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

    /// Cells are wider than what is near, so that a search looks into few of them.
    Cell cell_at(const std::array<double, projections>& projected, double offset) const {
        Cell cell{};
        for (std::size_t p = 0; p < projections; ++p)
            cell[p] =
                static_cast<std::int64_t>(std::floor((projected[p] + offset) / (4 * nearness_.distance)));
        return cell;
    }

    std::size_t bucket(const Cell& cell) const { return hash(cell) & (newest_.size() - 1); }

    void look_into(std::size_t bucket) {
        for (std::uint32_t i = newest_[bucket]; i != none; i = scouts_[i].next_better) {
            const Clusters::Member& scout = (*members_)[scouts_[i].member];
            const double apart_in_value =
                (f_ - scout.f) / (nearness_.value * std::max(1.0, std::abs(scout.f)));
            if (apart_in_value > 1) break;  // those after it are better still
            const double apart = std::max(apart_in_value, distance_to(scout.run));
            if (apart <= 1) best_ = std::min(best_, i);
            if (apart <= 0.5) crowded_ = true;
        }
    }

    /// Largest distance in a coordinate, in units of nearness; one above 1 need not be exact.
    double distance_to(std::uint32_t run) const {
        double largest = 0;
        for (std::size_t j = 0; j < x_.size() && largest <= 1; ++j) {
            if (ends_->widths[j] == 0) continue;
            const double apart = std::abs(x_[j] - ends_->x(run, j));
            largest = std::max(largest, apart / (nearness_.distance * ends_->widths[j]));
        }
        return largest;
    }

    const RunEnds* ends_;
    std::vector<Clusters::Member>* members_;
    Nearness nearness_;
    Projection projection_;
    std::vector<Scout> scouts_;          ///< best first
    std::vector<std::uint32_t> newest_;  ///< [bucket] scout; cells that share a bucket only cost time

    // The end being placed, and what was found about it.
    double f_ = 0;
    std::vector<double> x_;
    std::uint32_t best_ = none;  ///< the best scout near
    bool crowded_ = false;       ///< there is a scout within half of nearness
};

}  // namespace

Clusters cluster(const RunEnds& ends, const Nearness& nearness) {
    Clusters clusters{.members = {}, .count = 0};
    clusters.members.reserve(ends.runs);
    for (std::uint32_t run = 0; run < ends.runs; ++run) {
        const double f = ends.f(run);
        if (std::isfinite(f)) clusters.members.push_back({f, run, 0});
    }
    std::ranges::sort(clusters.members, [](const auto& a, const auto& b) {
        return a.f < b.f || (a.f == b.f && a.run < b.run);
    });
    Scouts scouts(ends, clusters.members, nearness);
    for (std::uint32_t at = 0; at < clusters.members.size(); ++at) {
        scouts.place(at, static_cast<std::uint32_t>(clusters.count));
        clusters.count = std::max<std::size_t>(clusters.count, clusters.members[at].cluster + std::size_t{1});
    }
    return clusters;
}

}  // namespace lanewise
