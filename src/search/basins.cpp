#include "basins.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <iterator>
#include <limits>

namespace lanewise {

namespace {

/// Where the way from a point to another is looked at, in parts of it: evenly.
constexpr std::array evenly = {0.125, 0.25, 0.375, 0.5, 0.625, 0.75, 0.875};
/// The same on the way of a run to a minimum: what is left of it is halved every second time. A run can be
/// far from where it ends, beside what lies between minima.
constexpr std::array ever_closer = {0.29289321881345, 0.5,      0.64644660940673, 0.75,
                                    0.82322330470336, 0.875,    0.91161165235168, 0.9375,
                                    0.95580582617584, 0.96875,  0.97790291308792, 0.984375,
                                    0.98895145654396, 0.9921875};

/// What is seen on the way from the first point of a pair to the second.
class Way {
  public:
    Way(const BasinPair& pair, std::span<const double> widths) : pair_(&pair), lowest_(pair.a.f) {
        // Of polished points so near to each other the slopes are to tell of a rise too: the values alone may
        // be noise.
        constexpr double close = 1e-3;
        constexpr double same_region = 0.5;
        is_far_ =
            !(pair.a.is_exact && pair.b.is_exact) && !are_within(same_region, pair.a.x, pair.b.x, widths);
        is_close_ = pair.a.is_exact && pair.b.is_exact && are_within(close, pair.a.x, pair.b.x, widths);
    }

    void add_points(std::vector<std::vector<double>>& points) const {
        for (const double share : shares()) {
            std::vector<double>& x = points.emplace_back(pair_->a.x);
            for (std::size_t j = 0; j < x.size(); ++j) x[j] += share * (pair_->b.x[j] - x[j]);
        }
    }

    /// The parts of the way at which it is looked at.
    std::span<const double> shares() const {
        if (pair_->b.is_exact && !pair_->a.is_exact) return ever_closer;
        return evenly;
    }

    /// At point i of them.
    void see(std::size_t i, const Evaluation& at) {
        follow(at.f);
        if (i != 0 && i + 1 != shares().size()) return;
        double slope = 0;
        for (std::size_t j = 0; j < pair_->a.x.size(); ++j)
            slope += at.gradient[j] * (pair_->b.x[j] - pair_->a.x[j]);
        (i == 0 ? rises_at_first_ : falls_at_last_) = i == 0 ? slope > 0 : slope < 0;
    }

    bool is_in_one_basin() {
        follow(pair_->b.f);
        return !is_far_ && !(has_hump_ && (!is_close_ || (rises_at_first_ && falls_at_last_)));
    }

  private:
    void follow(double f) {
        constexpr double noise = 0x1p-40;
        const auto is_above = [](double a, double b) { return !(a <= b + noise * std::abs(b)); };
        if (is_above(f, lowest_)) {
            highest_since_ = std::max(highest_since_, std::isnan(f) ? nowhere : f);
            has_hump_ = has_hump_ || is_above(highest_since_, f);
        } else {
            has_hump_ = has_hump_ || is_above(highest_since_, f);
            lowest_ = std::min(lowest_, f);
        }
    }

    static constexpr double nowhere = std::numeric_limits<double>::infinity();

    const BasinPair* pair_;
    double lowest_;  ///< so far
    double highest_since_ = -nowhere;
    bool is_close_ = false;
    bool is_far_ = false;
    bool has_hump_ = false;
    bool rises_at_first_ = false;
    bool falls_at_last_ = false;
};

std::vector<double> widths_of(const SearchBox& box) {
    std::vector<double> widths(box.dimension());
    for (std::size_t j = 0; j < widths.size(); ++j) widths[j] = box.width(j);
    return widths;
}

}  // namespace

SameBasin same_basin_by_values(Engine& engine, const SearchBox& box) {
    return [&engine, widths = widths_of(box)](std::span<const BasinPair> pairs) {
        std::vector<std::vector<double>> points;
        std::vector<Way> ways;
        std::vector<std::size_t> way_of;
        for (const BasinPair& pair : pairs) {
            ways.emplace_back(pair, widths).add_points(points);
            way_of.resize(points.size(), ways.size() - 1);
        }
        std::size_t first = 0;
        engine.evaluate(points, [&](std::size_t i, const Evaluation& at) {
            if (i > 0 && way_of[i] != way_of[i - 1]) first = i;
            ways[way_of[i]].see(i - first, at);
        });
        std::vector<std::uint8_t> are_in_one;
        are_in_one.reserve(ways.size());
        for (Way& way : ways) are_in_one.push_back(way.is_in_one_basin() ? 1 : 0);
        return are_in_one;
    };
}

InOneBasin in_one_basin_among(const Ends& ends, const SameBasin& same_basin) {
    return [&ends, same_basin](std::span<const EndPair> of_ends) {
        const auto point = [&](std::uint32_t i) {
            BasinPoint point{{}, ends[i].f, ends[i].of == EndOf::polish};
            ends.write_point(ends.point(i), point.x);
            return point;
        };
        // Not all at once: their points between take memory.
        constexpr std::size_t most_at_once = 256;
        std::vector<std::uint8_t> are_in_one;
        std::vector<BasinPair> pairs;
        for (std::size_t first = 0; first < of_ends.size(); first += most_at_once) {
            pairs.clear();
            for (const auto& [end, better] :
                 of_ends.subspan(first, std::min(most_at_once, of_ends.size() - first)))
                pairs.push_back({point(end), point(better)});
            std::ranges::copy(same_basin(pairs), std::back_inserter(are_in_one));
        }
        return are_in_one;
    };
}

}  // namespace lanewise
