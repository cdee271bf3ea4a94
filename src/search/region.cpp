#include "region.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <optional>
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
/// By what power of two a step leads lower changes along the way by no more than this, for a halving; seen
/// over some of them.
constexpr double regular = 1;
constexpr int seen_over = 4;
/// So many halvings without a change are the way from far out.
constexpr int far_out = 10;
/// What falls on without a change until so many halvings has no size of its own.
constexpr int last = 45;
/// Halvings are looked at in groups; mostly the first group shows that the landscape does not lead inwards.
constexpr int group = 3;
/// The uniform points from this index on are where the rays begin.
constexpr std::uint64_t first_ray = std::uint64_t{3} << 51U;

/// Writes where a ray is after so many halvings; x is where it begins.
using Ray = std::function<void(std::vector<double>& x, int halvings)>;

/// The values on the rays.
class Rays {
  public:
    Rays(Engine& engine, const std::vector<std::vector<double>>& from, Ray ray)
        : engine_(&engine), from_(&from), ray_(std::move(ray)) {}

    /// After how many halvings the way from far out ends; 0 where there is none. It may have several parts,
    /// as where the outermost term of a polynomial gives way to the next.
    int end_of_way() {
        int end = 0;
        for (int n = 0;; ++n) {
            if (n > last) return end;
            const bool is_over = !is_lower(n);
            if (!is_over && is_regular(end, n)) continue;
            // A change shows when half of what it is seen over is beyond it.
            const int until = is_over ? n : n - seen_over / 2;
            if (until - end < far_out || is_rounding(until)) return end;
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

    bool is_lower(int n) {
        constexpr double noise = 0x1p-40;
        std::size_t lower = 0;
        for (std::size_t ray = 0; ray < rays; ++ray) {
            const double before = f(n, ray);
            if (before == nowhere || before - f(n + in_one_step, ray) > noise * std::abs(before)) ++lower;
        }
        return lower >= enough_rays;
    }

    /// The way seems to end because rounding hides where it goes on.
    bool is_rounding(int n) {
        constexpr double hidden = 0x1p-36;
        std::array<double, rays> sizes{};
        for (std::size_t ray = 0; ray < rays; ++ray) sizes[ray] = std::abs(f(n, ray));
        std::ranges::sort(sizes);
        return fall(n - 1) <= hidden * sizes[rays / 2];
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
            for (const std::vector<double>& x : *from_) ray_(points.emplace_back(x), n);
        }
        engine_->evaluate(points, [&](std::size_t, const Evaluation& at) {
            f_.push_back(std::isnan(at.f) ? nowhere : at.f);
        });
    }

    Engine* engine_;
    const std::vector<std::vector<double>>* from_;
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

/// After how many halvings the way from far out ends, for each variable; empty where there is none.
std::vector<int> ends_of_way(Engine& engine, const Inwards& inwards) {
    const auto move_all = [&](std::vector<double>& x, int halvings) { inwards.move(x, halvings); };
    const int of_all = Rays(engine, inwards.from(), move_all).end_of_way();
    if (of_all == 0) return {};
    std::vector<int> ends(inwards.from().front().size(), 0);
    for (std::size_t j = 0; j < ends.size(); ++j) {
        if (!inwards.moves(j)) continue;
        const auto move_one = [&](std::vector<double>& x, int halvings) {
            double at = x[j];
            inwards.move(at, j, halvings);
            inwards.move(x, of_all);
            x[j] = at;
        };
        ends[j] = Rays(engine, inwards.from(), move_one).end_of_way();
    }
    return ends;
}

/// What lies inside may lead out again, by a slope that was not seen beside a steeper one: where L-BFGS ends
/// is to be in the region.
void widen(std::vector<int>& halvings, Engine& engine, const Inwards& inwards) {
    constexpr std::size_t descents = 16;
    constexpr std::uint64_t evaluations = 2000;
    std::vector<PolishStart> starts;
    for (std::size_t ray = 0; ray < descents; ++ray) {
        PolishStart start{.x = inwards.from()[ray], .run = ray, .iteration = -1};
        for (std::size_t j = 0; j < start.x.size(); ++j) inwards.move(start.x[j], j, halvings[j]);
        starts.push_back(std::move(start));
    }
    const std::vector<Polished> ends =
        engine.polish(starts, PolishTo::lbfgs, {.evaluations = evaluations, .iterations = 0});
    for (std::size_t j = 0; j < halvings.size(); ++j) {
        std::vector<double> reached;
        std::vector<double> began;
        for (std::size_t i = 0; i < descents; ++i) {
            reached.push_back(std::abs(ends[i].x[j] - inwards.to(j)));
            began.push_back(std::abs(starts[i].x[j] - inwards.to(j)));
        }
        std::ranges::sort(reached);
        std::ranges::sort(began);
        for (double is_in = began.back(); is_in < reached[descents / 2] && halvings[j] > 0; is_in *= 2)
            --halvings[j];
    }
}

std::optional<Region> region_of(Engine& engine, const Setting& setting) {
    const Inwards inwards(setting);
    std::vector<int> halvings = ends_of_way(engine, inwards);
    if (halvings.empty()) return std::nullopt;
    // The last step of the way began in the region.
    for (int& n : halvings) n = std::max(0, n - 1);
    widen(halvings, engine, inwards);
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
    std::optional<Region> region = region_of(*make_local_engine(setting, halt), setting);
    if (region) setting.narrow(std::move(*region));
}

}  // namespace lanewise
