#include "region.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "design.hpp"
#include "engine/engine.hpp"
#include "inside.hpp"

namespace lanewise {

namespace {

constexpr double nowhere = std::numeric_limits<double>::infinity();

constexpr std::size_t rays = 32;
/// A step leads lower where it does on so many of the rays: not on all of them, for a ray can cross a valley.
constexpr std::size_t enough_rays = 28;
/// A step is so many halvings of the way: beside what grows as the square there may be waves on all of it.
constexpr int in_one_step = 2;
/// The value falls as a power of the distance does: with each halving a step gains 2^p times less than the
/// step before. The way is the same as long as p, taken over some halvings, changes by no more than this.
constexpr double regular = 1;
constexpr int seen_over = 4;
/// So many halvings without a change are the way from far out.
constexpr int far_out = 10;
/// What falls on without a change until so many halvings has no size of its own.
constexpr int last = 45;
/// Halvings are looked at in groups.
constexpr int group = 3;
/// Mostly a few rays show already that the landscape does not lead inwards.
constexpr std::size_t first_rays = 8;
constexpr std::size_t enough_first_rays = 6;
/// Looking for a region takes at most this part of the evaluations.
constexpr std::uint64_t share = 2;
/// Variables of about the same width are told together where there are more of them than this.
constexpr std::size_t most_parts = 16;
/// The uniform points from this index on are where the rays begin.
constexpr std::uint64_t first_ray = std::uint64_t{3} << 51U;

/// Moves x from where a ray begins to where it is after so many halvings.
using Ray = std::function<void(std::vector<double>& x, int halvings)>;

/// Evaluates while it may.
class Looking {
  public:
    Looking(Engine& engine, const Setting& setting, Halt& halt)
        : engine_(&engine), halt_(&halt), most_(most_evaluations(*setting.options)) {}

    /// No: then nothing that was seen counts.
    bool may_go_on() const { return !is_over_; }
    std::uint64_t evaluations() const { return evaluations_; }

    /// Adds the values at points, infinite where there is none.
    void evaluate(std::span<const std::vector<double>> points, std::vector<double>& f) {
        if (!takes(points.size())) {
            f.resize(f.size() + points.size(), nowhere);
            return;
        }
        engine_->evaluate(points, [&](std::size_t, const Evaluation& at) {
            f.push_back(std::isfinite(at.f) ? at.f : nowhere);
        });
    }

    std::vector<Polished> descend(std::span<const PolishStart> starts, std::uint64_t each) {
        if (!takes(starts.size() * each)) return {};
        evaluations_ -= starts.size() * each;
        std::vector<Polished> ends =
            engine_->polish(starts, PolishTo::lbfgs, {.evaluations = each, .iterations = 0});
        for (const Polished& end : ends) evaluations_ += end.evaluations;
        halt_->poll(true);
        is_over_ = is_over_ || halt_->requested();
        return ends;
    }

  private:
    /// The same for all parts of a search, so that they find the same region.
    static std::uint64_t most_evaluations(const Options& options) {
        if (!options.max_evaluations) return std::numeric_limits<std::uint64_t>::max();
        return *options.max_evaluations / (options.part > 0 ? options.parts : 1) / share;
    }

    bool takes(std::uint64_t count) {
        halt_->poll(true);
        is_over_ = is_over_ || halt_->requested() || evaluations_ + count > most_;
        if (!is_over_) evaluations_ += count;
        return !is_over_;
    }

    Engine* engine_;
    Halt* halt_;
    std::uint64_t most_;
    std::uint64_t evaluations_ = 0;
    bool is_over_ = false;
};

/// The values on the rays.
class Rays {
  public:
    Rays(Looking& looking, std::span<const std::vector<double>> from, Ray ray)
        : looking_(&looking), from_(from), ray_(std::move(ray)) {}

    /// Whether some of them fall at the walls.
    bool may_lead_inwards() {
        std::vector<std::vector<double>> points;
        for (const int n : {0, in_one_step}) {
            for (const std::vector<double>& x : from_.first(first_rays)) ray_(points.emplace_back(x), n);
        }
        std::vector<double> at;
        looking_->evaluate(points, at);
        std::size_t lower = 0;
        for (std::size_t ray = 0; ray < first_rays; ++ray) {
            if (step(at[ray], at[first_rays + ray]) == Step::lower) ++lower;
        }
        return lower >= enough_first_rays;
    }

    /// After how many halvings the way from far out ends; 0 where there is none. It may have several parts,
    /// as where the outermost term of a polynomial gives way to the next.
    int end_of_way() {
        int end = 0;
        for (int n = 0;; ++n) {
            const Seen seen = look(n);
            // Where rounding hides how it goes on, it has no size of its own either.
            if (n > last || seen == Seen::hidden || !looking_->may_go_on()) return end;
            const bool is_over = seen == Seen::end;
            if (!is_over && is_regular(end, n)) continue;
            // A change shows when half of what it is seen over is beyond it.
            const int until = is_over ? n : n - seen_over / 2;
            if (until - end < far_out) return end;
            end = until;
            if (is_over) return end;
        }
    }

  private:
    /// Whether the steps until that after n halvings are as those from `first` halvings on.
    bool is_regular(int first, int n) {
        while (first < n && !std::isfinite(fall(first))) ++first;
        const int before = n - seen_over;
        if (before - first < seen_over) return true;
        const double of_these = std::log2(fall(n) / fall(before)) / seen_over;
        const double of_those = std::log2(fall(before) / fall(first)) / (before - first);
        return std::abs(of_these - of_those) <= regular;
    }

    enum class Step : std::uint8_t { lower, hidden, other };
    static Step step(double before, double after) {
        constexpr double noise = 0x1p-34;
        if (before == nowhere) return Step::lower;
        const double fall = before - after;
        if (std::abs(fall) <= noise * std::abs(before)) return Step::hidden;
        return fall > 0 ? Step::lower : Step::other;
    }

    /// What the step after n halvings does on the rays.
    enum class Seen : std::uint8_t { lower, hidden, end };
    Seen look(int n) {
        std::size_t lower = 0;
        std::size_t hidden = 0;
        for (std::size_t ray = 0; ray < rays; ++ray) {
            const Step seen = step(f(n, ray), f(n + in_one_step, ray));
            if (seen == Step::lower) ++lower;
            if (seen == Step::hidden) ++hidden;
        }
        if (lower >= enough_rays) return Seen::lower;
        return lower + hidden >= enough_rays ? Seen::hidden : Seen::end;
    }

    /// By how much the value falls in a step: the median of all rays.
    double fall(int n) {
        std::array<double, rays> falls{};
        for (std::size_t ray = 0; ray < rays; ++ray) {
            const double before = f(n, ray);
            falls[ray] = before == nowhere ? nowhere : before - f(n + in_one_step, ray);
        }
        std::ranges::sort(falls);
        return falls[rays / 2];
    }

    /// Infinite where there is no value.
    double f(int halvings, std::size_t ray) {
        const std::size_t i = static_cast<std::size_t>(halvings) * rays + ray;
        while (i >= f_.size()) look_further();
        return f_[i];
    }

    void look_further() {
        std::vector<std::vector<double>> points;
        const int first = static_cast<int>(f_.size() / rays);
        for (int n = first; n < first + group; ++n) {
            for (const std::vector<double>& x : from_) ray_(points.emplace_back(x), n);
        }
        looking_->evaluate(points, f_);
    }

    Looking* looking_;
    std::span<const std::vector<double>> from_;
    Ray ray_;
    std::vector<double> f_;  ///< [halvings][ray]
};

/// Of points spread over the box, moved inwards.
class Inwards {
  public:
    explicit Inwards(const Setting& setting) : box_(setting.box.get()) {
        const std::size_t d = box_->dimension();
        for (std::size_t j = 0; j < d; ++j) {
            const bool is_log = setting.coordinates->given_box().is_log(j) || box_->is_half_log(j);
            moves_.push_back(box_->lower()[j] < box_->upper()[j] && !is_log ? 1 : 0);
        }
        from_.assign(rays, std::vector<double>(d));
        for (std::size_t ray = 0; ray < rays; ++ray) {
            UniformPoints(setting.options->seed).point(first_ray + ray, from_[ray]);
            for (std::size_t j = 0; j < d; ++j) {
                const double lower = box_->lower()[j];
                const double upper = box_->upper()[j];
                from_[ray][j] = inside(lower + from_[ray][j] * (upper - lower), lower, upper);
            }
        }
    }

    const std::vector<std::vector<double>>& from() const { return from_; }
    bool moves(std::size_t j) const { return moves_[j] != 0; }
    /// Where x[j] moves to.
    double to(std::size_t j) const { return inside(0.0, box_->lower()[j], box_->upper()[j]); }
    void move(double& x, std::size_t j, int halvings) const {
        x = inside(to(j) + std::ldexp(x - to(j), -halvings), box_->lower()[j], box_->upper()[j]);
    }
    void move(std::vector<double>& x, int halvings) const {
        for (std::size_t j = 0; j < x.size(); ++j) {
            if (moves(j)) move(x[j], j, halvings);
        }
    }

  private:
    const SearchBox* box_;
    std::vector<std::uint8_t> moves_;        ///< [d]
    std::vector<std::vector<double>> from_;  ///< [ray][d]
};

/// The variables that move, in parts: each by itself, or those of about the same width.
std::vector<std::vector<std::size_t>> parts_of(const Inwards& inwards, const SearchBox& box) {
    std::vector<std::size_t> moving;
    for (std::size_t j = 0; j < box.dimension(); ++j) {
        if (inwards.moves(j)) moving.push_back(j);
    }
    std::ranges::stable_sort(moving, {}, [&](std::size_t j) { return box.width(j); });
    std::vector<std::vector<std::size_t>> parts(std::min(moving.size(), most_parts));
    for (std::size_t i = 0; i < moving.size(); ++i)
        parts[i * parts.size() / moving.size()].push_back(moving[i]);
    return parts;
}

/// After how many halvings the way from far out ends, for each variable; empty where there is none.
std::vector<int> ends_of_way(Looking& looking, const Inwards& inwards, const SearchBox& box) {
    Rays all(looking, inwards.from(),
             [&](std::vector<double>& x, int halvings) { inwards.move(x, halvings); });
    const int of_all = all.may_lead_inwards() ? all.end_of_way() : 0;
    if (of_all == 0) return {};
    std::vector<int> ends(box.dimension(), 0);
    for (const std::vector<std::size_t>& part : parts_of(inwards, box)) {
        const auto move_part = [&](std::vector<double>& x, int halvings) {
            const std::vector<double> from = x;
            inwards.move(x, of_all);
            for (const std::size_t j : part) {
                x[j] = from[j];
                inwards.move(x[j], j, halvings);
            }
        };
        const int of_part = Rays(looking, inwards.from(), move_part).end_of_way();
        for (const std::size_t j : part) ends[j] = of_part;
    }
    return ends;
}

/// What lies inside may lead out again, by a slope that was not seen beside a steeper one: where the best of
/// some descents by L-BFGS end is to be in the region.
void widen(std::vector<int>& halvings, Looking& looking, const Inwards& inwards) {
    constexpr std::size_t descents = 16;
    constexpr std::size_t best = descents / 4;
    constexpr std::uint64_t evaluations = 2000;
    std::vector<PolishStart> starts;
    for (std::size_t ray = 0; ray < descents; ++ray) {
        PolishStart start{.x = inwards.from()[ray], .run = ray, .iteration = -1};
        for (std::size_t j = 0; j < start.x.size(); ++j) inwards.move(start.x[j], j, halvings[j]);
        starts.push_back(std::move(start));
    }
    std::vector<Polished> ends = looking.descend(starts, evaluations);
    if (!looking.may_go_on()) return;
    std::ranges::stable_sort(ends, {}, &Polished::f);
    for (std::size_t j = 0; j < halvings.size(); ++j) {
        double began = 0;
        double reached = 0;
        for (const PolishStart& start : starts) began = std::max(began, std::abs(start.x[j] - inwards.to(j)));
        for (const Polished& end : std::span(ends).first(best))
            reached = std::max(reached, std::abs(end.x[j] - inwards.to(j)));
        for (double is_in = began; is_in < reached && halvings[j] > 0; is_in *= 2) --halvings[j];
    }
}

std::optional<Region> region_of(Looking& looking, const Setting& setting) {
    const Inwards inwards(setting);
    std::vector<int> halvings = ends_of_way(looking, inwards, *setting.box);
    // The last step of the way began in the region.
    for (int& n : halvings) n = std::max(0, n - 1);
    const auto is_narrower = [&] { return std::ranges::any_of(halvings, [](int n) { return n > 0; }); };
    if (looking.may_go_on() && is_narrower()) widen(halvings, looking, inwards);
    if (!looking.may_go_on() || !is_narrower()) return std::nullopt;
    Region region{setting.box->lower(), setting.box->upper()};
    for (std::size_t j = 0; j < halvings.size(); ++j) {
        inwards.move(region.lower[j], j, halvings[j]);
        inwards.move(region.upper[j], j, halvings[j]);
    }
    return region;
}

}  // namespace

void find_region(Setting& setting, Halt& halt) {
    if (setting.options->drawn_starts() == 0 || setting.options->scale == Scale::none) return;
    const std::unique_ptr<Engine> engine = make_local_engine(setting, halt);
    Looking looking(*engine, setting, halt);
    std::optional<Region> region = region_of(looking, setting);
    setting.narrow(std::move(region), looking.evaluations(), looking.may_go_on());
}

}  // namespace lanewise
