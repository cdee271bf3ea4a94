#include "continuum.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numeric>
#include <utility>

namespace lanewise {

namespace {

/// What is known to be one continuum asks the nearest point beyond it, until so many in a row have refused.
constexpr int most_refused = 3;
constexpr int most_rounds = 16;
/// A point moved by this part of the way to another stays where it was put, or comes back if it is a minimum
/// by itself.
constexpr double little = 0x1p-6;
/// In widths: of points that are nearer this is not told from rounding.
constexpr double too_near = 0x1p-20;
constexpr double least_stay = 0.5;
constexpr double most_stay = 4;
/// Where the way is looked at. Minima that are evenly spaced are not met there.
constexpr std::array shares = {little, 0.1297, 0.2873, 0.4706, 0.6131, 0.8327, 1 - little};
/// Points are put near the middle of a way that is not straight, then of its parts, and come to rest beside
/// it, by no more than so much of it: of a bent way parts are less bent.
constexpr double middle = 0.4706;
constexpr std::array beside = {0.6, 0.4, 0.2, 0.1};
/// Where it is no more than this twice in a row, the way is found.
constexpr double hardly_beside = 0.1;
/// Values that differ by less than this part, of themselves or of what is higher around, are the same.
constexpr double noise = 0x1p-40;
constexpr double noise_of_rough = 0x1p-30;

using Point = std::vector<double>;

/// Two points, and what is known of the way between them.
struct Asking {
    std::uint32_t one, other;        ///< candidates
    double lowest = 0, highest = 0;  ///< values that count as those of the points
    bool is_straight = false;        ///< the straight way is level
    bool is_found = false;           ///< another is
    double beside = 1;               ///< how far the last points came to rest beside it, in parts of the way
    bool is_refused = false;
    std::vector<Point> nodes = {};  ///< on the way, with both ends
};

/// What a candidate is.
enum class Kind : std::uint8_t { unknown, alone, continuum };

Point between(const Point& a, const Point& b, double share) {
    Point x = a;
    for (std::size_t j = 0; j < x.size(); ++j) x[j] += share * (b[j] - a[j]);
    return x;
}

/// In any variable, in widths.
double apart(const Point& a, const Point& b, const SearchBox& box) {
    double largest = 0;
    for (std::size_t j = 0; j < a.size(); ++j) {
        const double width = box.width_at(j, a[j]);
        if (width > 0) largest = std::max(largest, std::abs(a[j] - b[j]) / width);
    }
    return largest;
}

class Continua {
  public:
    Continua(std::span<const Polished> polished, const Clusters& clusters, std::size_t first, Engine& engine,
             const SearchBox& box, const PolishPoints& polish)
        : polished_(polished), first_(first), engine_(&engine), box_(&box), polish_(&polish) {
        choose_candidates(clusters);
        component_.resize(candidates_.size());
        std::iota(component_.begin(), component_.end(), std::uint32_t{0});
        kind_.resize(candidates_.size(), Kind::unknown);
        refused_by_.resize(candidates_.size());
        refusals_.resize(candidates_.size(), 0);
        learn_differences();
    }

    std::vector<Joint> joints() {
        for (int round = 0; round < most_rounds; ++round) {
            std::vector<Asking> asking = ask_nearest();
            if (asking.empty()) break;
            look(asking);
            move_a_little(asking);
            follow(asking);
            if (is_over_) break;
            for (const Asking& pair : asking) conclude(pair);
        }
        for (std::uint32_t i = 0; i < candidates_.size(); ++i) {
            if (kind_[i] == Kind::continuum) joints_.push_back({candidates_[i], candidates_[i]});
        }
        return joints_;
    }

  private:
    const Polished& of(std::uint32_t candidate) const { return polished_[candidates_[candidate]]; }

    double apart(const Point& a, const Point& b) const { return lanewise::apart(a, b, *box_); }

    /// Best first.
    void choose_candidates(const Clusters& clusters) {
        for (const ClusterSpan& span : cluster_spans(polished_, clusters, *box_)) {
            if (span.founder != ClusterSpan::none) candidates_.push_back(span.founder);
            if (span.furthest != ClusterSpan::none) candidates_.push_back(span.furthest);
        }
        std::ranges::stable_sort(candidates_, {}, [&](std::uint32_t i) { return polished_[i].f; });
    }

    static double noise_of(const Polished& candidate) { return candidate.is_rough ? noise_of_rough : noise; }
    static double rise(double from, double to) { return to > from && std::isfinite(to) ? to - from : 0; }

    /// x with every variable moved by this part of its width.
    Point aside(Point x, double way) const {
        for (std::size_t j = 0; j < x.size(); ++j) {
            const double by = (j % 2 == 0 ? way : -way) * box_->width_at(j, x[j]);
            const bool is_inside = x[j] + by >= box_->lower()[j] && x[j] + by <= box_->upper()[j];
            x[j] += is_inside ? by : -by;
        }
        return x;
    }

    /// Only pairs that differ by less are looked at.
    void learn_differences() {
        std::vector<Point> points;
        for (std::uint32_t i = 0; i < candidates_.size(); ++i) points.push_back(aside(of(i).x, 0x1p-7));
        engine_->evaluate(points, [&](std::size_t i, const Evaluation& at) {
            const Polished& candidate = of(static_cast<std::uint32_t>(i));
            same_.push_back(noise_of(candidate) * (std::abs(candidate.f) + rise(candidate.f, at.f)));
        });
    }

    std::uint32_t root(std::uint32_t candidate) {
        while (component_[candidate] != candidate)
            candidate = component_[candidate] = component_[component_[candidate]];
        return candidate;
    }

    /// The nearest pair of each component with another.
    std::vector<Asking> ask_nearest() {
        using Pair = std::pair<std::uint32_t, std::uint32_t>;
        constexpr double nowhere = std::numeric_limits<double>::infinity();
        std::vector<std::pair<double, Pair>> nearest(candidates_.size(), {nowhere, {}});
        for (std::uint32_t i = 1; i < candidates_.size(); ++i) {
            if (kind_[i] == Kind::alone) continue;
            for (std::uint32_t k = i; k-- > 0 && of(i).f - of(k).f <= same_[i];) {
                const bool is_known = candidates_[i] < first_ && candidates_[k] < first_;
                const std::uint32_t one = root(i);
                const std::uint32_t other = root(k);
                if (is_known || kind_[k] == Kind::alone || one == other) continue;
                const double distance = apart(of(i).x, of(k).x);
                if (distance < too_near) continue;
                for (const std::uint32_t asker : {one, other}) {
                    if (refusals_[asker] == most_refused || distance >= nearest[asker].first) continue;
                    if (!has_refused(i, k)) nearest[asker] = {distance, {i, k}};
                }
            }
        }
        std::vector<Pair> pairs;
        for (std::size_t asker = 0; asker < nearest.size(); ++asker) {
            const auto& [distance, pair] = nearest[asker];
            if (distance == nowhere) continue;
            pairs.push_back(pair);
            ++refusals_[asker];
        }
        std::ranges::sort(pairs);
        pairs.erase(std::unique(pairs.begin(), pairs.end()), pairs.end());
        std::vector<Asking> asking;
        asking.reserve(pairs.size());
        for (const auto& [i, k] : pairs) asking.push_back({.one = i, .other = k});
        return asking;
    }

    bool has_refused(std::uint32_t i, std::uint32_t k) const {
        return std::ranges::find(refused_by_[i], k) != refused_by_[i].end();
    }

    void conclude(const Asking& pair) {
        if (pair.is_refused) {
            refused_by_[pair.one].push_back(pair.other);
            return;
        }
        joints_.push_back({candidates_[pair.one], candidates_[pair.other]});
        const std::uint32_t joined = root(pair.other);
        component_[root(pair.one)] = joined;
        refusals_[joined] = 0;
    }

    /// Refuses pairs of other values, beside what these rise by a little way off. Where the straight way is
    /// level, there is nothing to look at any more.
    void look(std::vector<Asking>& asking) {
        constexpr std::size_t looked_at = shares.size() + 1;
        std::vector<Point> points;
        for (const Asking& pair : asking) {
            for (const double share : shares)
                points.push_back(between(of(pair.one).x, of(pair.other).x, share));
            points.push_back(aside(of(pair.one).x, little_way(pair)));
        }
        std::vector<double> f;
        f.reserve(points.size());
        engine_->evaluate(points, [&](std::size_t, const Evaluation& at) { f.push_back(at.f); });
        for (std::size_t i = 0; i < asking.size(); ++i) {
            Asking& pair = asking[i];
            const double lower = of(pair.other).f;
            const double higher = of(pair.one).f;
            const std::span at = std::span(f).subspan(i * looked_at, looked_at);
            const double rise_around = std::max(
                {rise(higher, at.front()), rise(lower, at[shares.size() - 1]), rise(higher, at.back())});
            const double some_noise = std::max(noise_of(of(pair.one)), noise_of(of(pair.other)));
            const double same = some_noise * (std::abs(higher) + rise_around);
            pair.lowest = lower - same;
            pair.highest = higher + same;
            pair.is_refused = !(higher - lower <= same);
            const double rounding = noise * std::abs(higher);
            pair.is_straight =
                !pair.is_refused && std::ranges::all_of(at.first(shares.size()), [&](double on_way) {
                    return on_way <= higher + rounding && on_way >= lower - rounding;
                });
        }
    }

    /// In widths.
    double little_way(const Asking& pair) const { return little * apart(of(pair.one).x, of(pair.other).x); }

    /// Refuses those of which one is a minimum by itself. Each point is moved once, towards the other and
    /// aside: one of these ways may lead away from all that is as low.
    void move_a_little(std::vector<Asking>& asking) {
        std::vector<Point> points;
        std::vector<const Asking*> pairs;
        std::vector<std::uint32_t> moved;
        for (const Asking& pair : asking) {
            if (pair.is_refused) continue;
            for (const auto& [from, to] :
                 {std::pair(pair.one, pair.other), std::pair(pair.other, pair.one)}) {
                if (kind_[from] != Kind::unknown) continue;
                kind_[from] = pair.is_straight ? Kind::continuum : Kind::alone;
                if (pair.is_straight) continue;
                // Where the gradient jumps polishing takes long, and no way aside is as low.
                const std::size_t ways = of(from).is_rough ? 1 : 2;
                pairs.insert(pairs.end(), ways, &pair);
                moved.insert(moved.end(), ways, from);
                points.push_back(between(of(from).x, of(to).x, little));
                if (ways > 1) points.push_back(aside(of(from).x, little_way(pair)));
            }
        }
        const std::vector<Polished> ends = polish(points, pairs);
        if (is_over_) return;
        for (std::size_t i = 0; i < ends.size(); ++i) {
            const double way = little_way(*pairs[i]);
            const double stayed = apart(ends[i].x, of(moved[i]).x);
            if (is_level(*pairs[i], ends[i]) && stayed >= least_stay * way && stayed <= most_stay * way)
                kind_[moved[i]] = Kind::continuum;
        }
        for (Asking& pair : asking)
            pair.is_refused =
                pair.is_refused || kind_[pair.one] == Kind::alone || kind_[pair.other] == Kind::alone;
    }

    /// Refuses pairs between which no level way is found.
    void follow(std::vector<Asking>& asking) {
        for (Asking& pair : asking) pair.nodes = {of(pair.one).x, of(pair.other).x};
        for (const double most_beside : beside) put_between(asking, most_beside);
    }

    /// Puts a point between any two nodes of each way, and makes nodes of what they come to.
    void put_between(std::vector<Asking>& asking, double most_beside) {
        std::vector<Point> points;
        std::vector<const Asking*> pairs;
        for (const Asking& pair : asking) {
            if (!is_sought(pair)) continue;
            for (std::size_t node = 1; node < pair.nodes.size(); ++node) {
                points.push_back(between(pair.nodes[node - 1], pair.nodes[node], middle));
                pairs.push_back(&pair);
            }
        }
        const std::vector<Polished> ends = polish(points, pairs);
        if (is_over_) return;
        std::size_t i = 0;
        for (Asking& pair : asking) {
            if (!is_sought(pair)) continue;
            double most = 0;
            std::vector<Point> nodes = {pair.nodes.front()};
            for (std::size_t node = 1; node < pair.nodes.size(); ++node, ++i) {
                const double way = apart(pair.nodes[node - 1], pair.nodes[node]);
                most = std::max(most, apart(ends[i].x, points[i]) / way);
                if (!is_level(pair, ends[i]) || most > most_beside) pair.is_refused = true;
                nodes.push_back(ends[i].x);
                nodes.push_back(pair.nodes[node]);
            }
            pair.nodes = std::move(nodes);
            pair.is_found = std::max(most, pair.beside) <= hardly_beside;
            pair.beside = most;
        }
    }

    static bool is_sought(const Asking& pair) {
        return !pair.is_refused && !pair.is_straight && !pair.is_found;
    }

    static bool is_level(const Asking& pair, const Polished& there) {
        return there.finished && there.f <= pair.highest && there.f >= pair.lowest;
    }

    /// Each point is one between the two of its pair.
    std::vector<Polished> polish(const std::vector<Point>& points, const std::vector<const Asking*>& pairs) {
        std::vector<Polished> ends(points.size());
        for (const bool rough : {false, true}) {
            std::vector<Point> some;
            std::vector<std::size_t> place;
            for (std::size_t i = 0; i < points.size(); ++i) {
                if ((of(pairs[i]->one).is_rough || of(pairs[i]->other).is_rough) != rough) continue;
                some.push_back(points[i]);
                place.push_back(i);
            }
            if (some.empty()) continue;
            std::vector<Polished> ends_of_some =
                (*polish_)(some, rough ? PolishTo::last_digit : PolishTo::lbfgs_end);
            is_over_ = ends_of_some.empty();
            if (is_over_) return {};
            for (std::size_t i = 0; i < place.size(); ++i) ends[place[i]] = std::move(ends_of_some[i]);
        }
        return ends;
    }

    std::span<const Polished> polished_;
    std::size_t first_;
    Engine* engine_;
    const SearchBox* box_;
    const PolishPoints* polish_;
    std::vector<std::uint32_t> candidates_;               ///< numbers of what was polished, best first
    std::vector<std::uint32_t> component_;                ///< [candidate] another of the same, or itself
    std::vector<Kind> kind_;                              ///< [candidate]
    std::vector<std::vector<std::uint32_t>> refused_by_;  ///< [candidate] those that refused it
    std::vector<int> refusals_;                           ///< [component] so often
    std::vector<double> same_;                            ///< [candidate] differences that do not count
    std::vector<Joint> joints_;
    bool is_over_ = false;
};

}  // namespace

std::vector<ClusterSpan> cluster_spans(std::span<const Polished> polished, const Clusters& clusters,
                                       const SearchBox& box) {
    constexpr double apart_enough = 1e-4;
    std::vector<ClusterSpan> spans(std::min(clusters.count, most_last_polished));
    std::vector<double> furthest(spans.size(), apart_enough);
    for (const auto& [end, cluster] : clusters.members) {
        if (!is_polish(end.of) || cluster >= spans.size()) continue;
        ClusterSpan& span = spans[cluster];
        if (span.founder == ClusterSpan::none) span.founder = end.index;
        const double from_founder = apart(polished[span.founder].x, polished[end.index].x, box);
        const bool is_further = from_founder > furthest[cluster] ||
                                (from_founder == furthest[cluster] && span.furthest != ClusterSpan::none &&
                                 end.index > span.furthest);
        if (!is_further) continue;
        furthest[cluster] = from_founder;
        span.furthest = end.index;
    }
    return spans;
}

std::vector<Joint> find_joints(std::span<const Polished> polished, const Clusters& clusters,
                               std::size_t first, Engine& engine, const SearchBox& box,
                               const PolishPoints& polish) {
    return Continua(polished, clusters, first, engine, box, polish).joints();
}

}  // namespace lanewise
