#include "cluster.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numeric>
#include <unordered_map>

namespace lanewise {

namespace {

constexpr std::size_t projections = 3;
using Cell = std::array<std::int64_t, projections>;

struct CellHash {
    std::size_t operator()(const Cell& cell) const noexcept {
        std::uint64_t hash = 0;
        for (const std::int64_t index : cell) {
            hash = (hash ^ static_cast<std::uint64_t>(index)) * 0x9E3779B97F4A7C15U;
            hash ^= hash >> 32U;
        }
        return hash;
    }
};

/// Projections of box-scaled points whose weights add up to 1 in absolute value: two points within a distance in
/// every coordinate are within it in every projection.
class Projection {
  public:
    explicit Projection(const RunEnds& ends) : ends_(&ends), weights_(ends.widths.size() * projections) {
        const std::size_t d = ends.widths.size();
        for (std::size_t p = 0; p < projections; ++p) {
            double total = 0;
            for (std::size_t j = 0; j < d; ++j) {
                // Unlike weights of either sign, from the fractional parts of multiples of the golden ratio.
                const double turn = 0.6180339887498949 * static_cast<double>(p * d + j + 1);
                const double weight = (turn - std::floor(turn)) * 2 - 1;
                weights_[p * d + j] = ends.widths[j] > 0 ? weight / ends.widths[j] : 0;
                total += ends.widths[j] > 0 ? std::abs(weight) : 0;
            }
            for (std::size_t j = 0; j < d; ++j) weights_[p * d + j] /= std::max(total, 1e-300);
        }
    }

    Cell cell(std::size_t run, double size) const {
        const std::size_t d = ends_->widths.size();
        Cell cell{};
        for (std::size_t p = 0; p < projections; ++p) {
            double sum = 0;
            for (std::size_t j = 0; j < d; ++j) sum += weights_[p * d + j] * ends_->x(run, j);
            cell[p] = static_cast<std::int64_t>(std::floor(sum / size));
        }
        return cell;
    }

  private:
    const RunEnds* ends_;
    std::vector<double> weights_;
};

class Scouts {
  public:
    Scouts(const RunEnds& ends, const Nearness& nearness)
        : ends_(&ends), nearness_(nearness), projection_(ends) {}

    /// The cluster `run` belongs to; `next_cluster` when no scout is near.
    std::size_t place(std::size_t run, std::size_t next_cluster) {
        // Rounding of the projections must not move a neighbour two cells away.
        const Cell home = projection_.cell(run, nearness_.distance * (1 + 1e-6));
        std::size_t nearest = none;
        Cell cell{};
        for (cell[0] = home[0] - 1; cell[0] <= home[0] + 1; ++cell[0])
            for (cell[1] = home[1] - 1; cell[1] <= home[1] + 1; ++cell[1])
                for (cell[2] = home[2] - 1; cell[2] <= home[2] + 1; ++cell[2])
                    nearest = std::min(nearest, best_near(run, cell));
        const std::size_t cluster = nearest == none ? next_cluster : scouts_[nearest].cluster;
        if (nearest == none || !near(run, scouts_[nearest].run, 0.5)) add(run, cluster, home);
        return cluster;
    }

  private:
    static constexpr std::size_t none = std::numeric_limits<std::size_t>::max();

    struct Scout {
        std::size_t run;
        std::size_t cluster;
        std::size_t next_in_cell;
    };

    void add(std::size_t run, std::size_t cluster, const Cell& cell) {
        const auto [first, is_new] = first_in_cell_.try_emplace(cell, scouts_.size());
        scouts_.push_back({run, cluster, is_new ? none : first->second});
        first->second = scouts_.size() - 1;
    }

    std::size_t best_near(std::size_t run, const Cell& cell) const {
        std::size_t best = none;
        const auto first = first_in_cell_.find(cell);
        for (std::size_t i = first == first_in_cell_.end() ? none : first->second; i != none;
             i = scouts_[i].next_in_cell) {
            if (near(run, scouts_[i].run, 1)) best = i;  // the chain runs from the newest to the best
        }
        return best;
    }

    bool near(std::size_t a, std::size_t b, double factor) const {
        const double f = ends_->f(b);
        if (std::abs(ends_->f(a) - f) > factor * nearness_.value * std::max(1.0, std::abs(f))) return false;
        for (std::size_t j = 0; j < ends_->widths.size(); ++j) {
            if (std::abs(ends_->x(a, j) - ends_->x(b, j)) > factor * nearness_.distance * ends_->widths[j]) return false;
        }
        return true;
    }

    const RunEnds* ends_;
    Nearness nearness_;
    Projection projection_;
    std::vector<Scout> scouts_;  ///< best first
    std::unordered_map<Cell, std::size_t, CellHash> first_in_cell_;
};

}  // namespace

std::vector<std::vector<std::uint32_t>> cluster(const RunEnds& ends, const Nearness& nearness) {
    std::vector<std::uint32_t> order;
    for (std::uint32_t run = 0; run < ends.runs; ++run) {
        if (std::isfinite(ends.f(run))) order.push_back(run);
    }
    std::ranges::sort(order, [&](std::uint32_t a, std::uint32_t b) {
        const double fa = ends.f(a);
        const double fb = ends.f(b);
        return fa < fb || (fa == fb && a < b);
    });
    Scouts scouts(ends, nearness);
    std::vector<std::vector<std::uint32_t>> clusters;
    for (const std::uint32_t run : order) {
        const std::size_t at = scouts.place(run, clusters.size());
        if (at == clusters.size()) clusters.emplace_back();
        clusters[at].push_back(run);
    }
    return clusters;
}

}  // namespace lanewise
