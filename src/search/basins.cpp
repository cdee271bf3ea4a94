#include "basins.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <iterator>

namespace lanewise {

namespace {

/// Points between two, evenly.
constexpr std::size_t between = 7;

/// What is seen on the way from the first point of a pair to the second.
class Way {
  public:
    Way(const BasinPair& pair, std::span<const double> widths)
        : pair_(&pair), highest_(std::max(pair.a.f, pair.b.f)) {
        // Of polished points so near to each other the slopes are to tell of a rise too: the values alone may
        // be noise.
        constexpr double close = 1e-3;
        is_close_ = pair.a.is_exact && pair.b.is_exact && are_within(close, pair.a.x, pair.b.x, widths);
    }

    void add_points(std::vector<std::vector<double>>& points) const {
        for (std::size_t i = 1; i <= between; ++i) {
            const double share = static_cast<double>(i) / (between + 1);
            std::vector<double>& x = points.emplace_back(pair_->a.x);
            for (std::size_t j = 0; j < x.size(); ++j) x[j] += share * (pair_->b.x[j] - x[j]);
        }
    }

    /// At point i of them.
    void see(std::size_t i, const Evaluation& at) {
        constexpr double noise = 0x1p-40;
        rises_ = rises_ || !(at.f <= highest_ + noise * std::abs(highest_));
        // To a minimum the way only falls.
        if (pair_->b.is_exact && at.f < highest_) highest_ = at.f;
        if (i != 0 && i + 1 != between) return;
        double slope = 0;
        for (std::size_t j = 0; j < pair_->a.x.size(); ++j)
            slope += at.gradient[j] * (pair_->b.x[j] - pair_->a.x[j]);
        (i == 0 ? rises_at_first_ : falls_at_last_) = i == 0 ? slope > 0 : slope < 0;
    }

    bool has_rise() const { return rises_ && (!is_close_ || (rises_at_first_ && falls_at_last_)); }

  private:
    const BasinPair* pair_;
    double highest_;  ///< what is above is a rise
    bool is_close_ = false;
    bool rises_ = false;
    bool rises_at_first_ = false;
    bool falls_at_last_ = false;
};

std::vector<double> widths_of(const Box& box) {
    std::vector<double> widths(box.dimension());
    for (std::size_t j = 0; j < widths.size(); ++j) widths[j] = box.upper()[j] - box.lower()[j];
    return widths;
}

}  // namespace

SameBasin same_basin_by_values(Engine& engine, const Box& box) {
    return [&engine, widths = widths_of(box)](std::span<const BasinPair> pairs) {
        std::vector<std::vector<double>> points;
        std::vector<Way> ways;
        for (const BasinPair& pair : pairs) ways.emplace_back(pair, widths).add_points(points);
        engine.evaluate(points,
                        [&](std::size_t i, const Evaluation& at) { ways[i / between].see(i % between, at); });
        std::vector<std::uint8_t> are_in_one;
        for (const Way& way : ways) are_in_one.push_back(way.has_rise() ? 0 : 1);
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
