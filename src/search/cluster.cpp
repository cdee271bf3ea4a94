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

    Cell cell(std::span<const double> x, double size) const {
        Cell cell{};
        for (std::size_t p = 0; p < projections; ++p) {
            double sum = 0;
            for (std::size_t j = 0; j < d_; ++j) sum += weights_[p * d_ + j] * x[j];
            cell[p] = static_cast<std::int64_t>(std::floor(sum / size));
        }
        return cell;
    }

  private:
    std::size_t d_;
    std::vector<double> weights_;
};

class Scouts {
  public:
    Scouts(const RunEnds& ends, const Nearness& nearness)
        : ends_(&ends),
          nearness_(nearness),
          projection_(ends.widths),
          newest_(std::bit_ceil(ends.runs + 1), none),
          x_(ends.widths.size()) {}

    /// The cluster `run` belongs to; `next_cluster` when no scout is near. To be called best run first.
    std::uint32_t place(std::uint32_t run, std::uint32_t next_cluster) {
        f_ = ends_->f(run);
        for (std::size_t j = 0; j < x_.size(); ++j) x_[j] = ends_->x(run, j);
        best_ = none;
        crowded_ = false;
        // Rounding of the projections must not move a neighbour two cells away.
        const Cell home = projection_.cell(x_, nearness_.distance * (1 + 1e-6));
        Cell cell{};
        for (cell[0] = home[0] - 1; cell[0] <= home[0] + 1; ++cell[0])
            for (cell[1] = home[1] - 1; cell[1] <= home[1] + 1; ++cell[1])
                for (cell[2] = home[2] - 1; cell[2] <= home[2] + 1; ++cell[2]) look_into(bucket(cell));
        const std::uint32_t cluster = best_ == none ? next_cluster : scouts_[best_].cluster;
        if (!crowded_) {
            std::uint32_t& newest = newest_[bucket(home)];
            scouts_.push_back({run, cluster, newest});
            newest = static_cast<std::uint32_t>(scouts_.size() - 1);
        }
        return cluster;
    }

  private:
    static constexpr std::uint32_t none = std::numeric_limits<std::uint32_t>::max();

    struct Scout {
        std::uint32_t run;
        std::uint32_t cluster;
        std::uint32_t next_better;  ///< in the same bucket
    };

    std::size_t bucket(const Cell& cell) const { return hash(cell) & (newest_.size() - 1); }

    void look_into(std::size_t bucket) {
        for (std::uint32_t i = newest_[bucket]; i != none; i = scouts_[i].next_better) {
            const double apart_in_value = value_distance(scouts_[i]);
            if (apart_in_value > 1) break;  // those after it are better still
            const double apart = std::max(apart_in_value, distance(scouts_[i]));
            if (apart <= 1) best_ = std::min(best_, i);
            if (apart <= 0.5) crowded_ = true;
        }
    }

    /// Distances in units of nearness; one above 1 need not be exact.
    double value_distance(const Scout& scout) const {
        const double f = ends_->f(scout.run);
        return (f_ - f) / (nearness_.value * std::max(1.0, std::abs(f)));
    }

    double distance(const Scout& scout) const {
        double largest = 0;
        for (std::size_t j = 0; j < x_.size() && largest <= 1; ++j) {
            if (ends_->widths[j] == 0) continue;
            const double apart = std::abs(x_[j] - ends_->x(scout.run, j));
            largest = std::max(largest, apart / (nearness_.distance * ends_->widths[j]));
        }
        return largest;
    }

    const RunEnds* ends_;
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
    for (std::uint32_t run = 0; run < ends.runs; ++run) {
        if (std::isfinite(ends.f(run))) clusters.members.push_back({run, 0});
    }
    std::ranges::sort(clusters.members, [&](const auto& a, const auto& b) {
        const double fa = ends.f(a.run);
        const double fb = ends.f(b.run);
        return fa < fb || (fa == fb && a.run < b.run);
    });
    Scouts scouts(ends, nearness);
    for (Clusters::Member& member : clusters.members) {
        member.cluster = scouts.place(member.run, static_cast<std::uint32_t>(clusters.count));
        clusters.count = std::max<std::size_t>(clusters.count, member.cluster + std::size_t{1});
    }
    return clusters;
}

}  // namespace lanewise
