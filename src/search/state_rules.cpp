#include "state_rules.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <span>
#include <string_view>

#include "archive.hpp"
#include "identifier.hpp"
#include "memory.hpp"
#include "names.hpp"
#include "tail.hpp"

namespace lanewise {

namespace {

constexpr double nowhere = std::numeric_limits<double>::infinity();

void rule(std::string_view field, bool holds) {
    Reader::require(holds, field);
}

/// Finite, or infinite where there is none.
bool is_value(double f) {
    return std::isfinite(f) || f == nowhere;
}

bool is_duration(double seconds) {
    return seconds >= 0 && std::isfinite(seconds);
}

/// Sums of some of them and of what is still to come do not overflow.
bool is_count(std::uint64_t count) {
    return count <= std::uint64_t{1} << 60U;
}

/// Of a variable on a log scale it is in other coordinates.
bool is_region(const Region& region, const Box& box) {
    if (region.lower.size() != box.dimension() || region.upper.size() != box.dimension()) return false;
    for (std::size_t j = 0; j < box.dimension(); ++j) {
        if (!(region.lower[j] <= region.upper[j] && std::isfinite(region.upper[j] - region.lower[j])))
            return false;
        if (!box.is_log(j) && !(region.lower[j] >= box.lower()[j] && region.upper[j] <= box.upper()[j]))
            return false;
    }
    return true;
}

}  // namespace

void require_rules(const OpenState& open) {
    const auto& [formula, box, options] = open.search;
    if (formula) {
        rule("param", std::ranges::all_of(formula->parameters, [](const auto& parameter) {
                 return is_identifier(parameter.first) && std::isfinite(parameter.second);
             }));
    }
    rule("isa", is_known(open.isa));
    Reader::require_valid([&box = box, &options = options] { validate(box, options); });
    if (open.region) rule("region", is_region(*open.region, box));
}

/// Sizes come first, then what others refer to.
class StateRules {
  public:
    explicit StateRules(const SearchState& state)
        : box_(*state.setting.box),
          options_(*state.setting.options),
          starts_(state.setting.starts),
          is_handed_(state.setting.is_handed),
          findings_(state.findings),
          runs_(state.findings.runs),
          begun_(state.begun) {}

    void search(const SearchState& state) const {
        runs();
        best();
        polished();
        rule("iterations", findings_.iterations <= options_.iterations);
        rule("work.seconds", is_duration(findings_.work.seconds));
        rule("work.run_iterations", is_count(findings_.work.run_iterations));
        rule("work.evaluations", is_count(findings_.work.evaluations));
        rule("work.lane_occupancy", findings_.work.lane_occupancy >= 0 && findings_.work.lane_occupancy <= 1);
        rule("threads", findings_.threads >= 1);
        rule("tile_lanes", findings_.tile_lanes % kernels::lane_group == 0);

        rule("next", state.next <= Next::nothing && (state.next == Next::stage) == (state.wave != nullptr));
        rule("settled", !state.settled || (options_.used_settle() > 0 && state.next >= Next::last_polish));
        rule("best_before_starts", is_value(state.best_before_starts));
        rule("barren", state.barren <= most_barren);
        rule("best_before", is_value(state.best_before));
        rule("best_x_before", state.best_x_before.empty()
                                  ? !std::isfinite(state.best_before)
                                  : std::isfinite(state.best_before) && is_in_box(state.best_x_before));
        rule("first", state.first <= runs_.count());
        rule("last_rounds", state.last_rounds <= most_last_rounds);
        rule("asked_for_joints", state.asked_for_joints <= findings_.polished.size());
        rule("joint_evaluations", state.joint_evaluations <= state.polish_evaluations);
        rule("to_polish", state.to_polish.size() <= runs_.count() &&
                              std::ranges::all_of(state.to_polish, [&](const PolishStart& start) {
                                  return is_visited(start) && is_in_box(start.x);
                              }));
        rule("polish_evaluations", is_count(state.polish_evaluations));
        parents(state.offspring);
        rule("lane_iterations", is_count(state.work.lane_iterations));
        rule("run_iterations", state.work.run_iterations <= state.work.lane_iterations);
        rule("evaluations", is_count(state.work.evaluations));
        rule("seconds", is_duration(state.seconds));
        if (state.wave != nullptr) wave(*state.wave, state.breeding);
        rule("runs.status", going() == (state.wave != nullptr ? state.wave->alive() : 0));
        rule("to_converge", std::ranges::all_of(state.to_converge, [&](std::uint32_t run) {
                 return run < runs_.count() && runs_.status[run] == RunStatus::max_iterations;
             }));
        rule("converge_group", state.converge_group <= state.to_converge.size());
        rule("converge_evaluations", state.converge_evaluations <= state.polish_evaluations);
    }

  private:
    void runs() const {
        const std::size_t count = runs_.count();
        rule("runs.id", runs_.id.size() == count);
        rule("runs.line", runs_.line.size() == count);
        rule("runs.f", runs_.f.size() == count);
        rule("runs.x", runs_.x.size() % box_.dimension() == 0 && runs_.x.size() / box_.dimension() == count);
        rule("runs.iteration", runs_.iteration.size() == count);
        rule("runs.given_up_for", runs_.given_up_for.size() == count);
        rule("runs.spared_from", runs_.spared_from.size() == count);

        rule("begun", begun_ <= starts_.to_run().count());
        rule("offspring", findings_.offspring <= most_offspring() && begun_ + findings_.offspring == count);
        rule("runs.id", ids_are_in_order());
        each_run("runs.line", [&](std::size_t run) {
            return runs_.id[run] < starts_.count() ? runs_.line[run] == runs_.id[run]
                                                   : is_line(runs_.line[run]);
        });
        each_run("runs.status", [&](std::size_t run) { return is_known(runs_.status[run]); });
        each_run("runs.f", [&](std::size_t run) {
            return is_going(run) ? runs_.f[run] == nowhere : is_value(runs_.f[run]);
        });
        // The wave has the points of runs that are going.
        each_run("runs.x", [&](std::size_t run) { return is_going(run) || is_in_box(runs_.point(run)); });
        each_run("runs.iteration", [&](std::size_t run) { return is_iteration(runs_.iteration[run]); });
        each_run("runs.given_up_for", [&](std::size_t run) { return is_given_up(run); });
        each_run("runs.given_up_for", [&](std::size_t run) { return leads_to_an_end(run); });
        each_run("runs.spared_from", [&](std::size_t run) {
            return runs_.spared_from[run] == Runs::nothing || is_run(runs_.spared_from[run]);
        });
    }

    void best() const {
        const BestSoFar& best = findings_.best;
        const bool is_found = best.f != nowhere;
        rule("best.f", is_value(best.f));
        rule("best.x", is_found ? is_in_box(best.x) : best.x.empty());
        const auto run = std::ranges::find(runs_.id, best.id);
        rule("best.id", !is_found || run != runs_.id.end());
        rule("best.line",
             !is_found || best.line == runs_.line[static_cast<std::size_t>(run - runs_.id.begin())]);
        rule("best.iteration", is_iteration(best.iteration));
        rule("best.of", best.of <= EndOf::run && best.of != EndOf::polish_start);
    }

    void polished() const {
        const auto each = [&](std::string_view field, auto holds) {
            rule(field, std::ranges::all_of(findings_.polished, holds));
        };
        each("polished.f", [](const Polished& p) { return std::isfinite(p.f) && p.f <= p.start_f; });
        each("polished.x", [&](const Polished& p) { return is_in_box(p.x); });
        each("polished.start_f", [](const Polished& p) { return std::isfinite(p.start_f); });
        each("polished.start_x", [&](const Polished& p) { return is_in_box(p.start_x); });
        each("polished.run", [&](const Polished& p) { return is_visited(p); });
        rule("joints", std::ranges::all_of(findings_.joints, [&](const Joint& joint) {
                 return std::max(joint.one, joint.other) < findings_.polished.size();
             }));
        each("polished.evaluations", [](const Polished& p) { return is_count(p.evaluations); });
    }

    void parents(const Offspring& offspring) const {
        const std::vector<Parent>& parents = offspring.parents();
        const auto each = [&](std::string_view field, auto holds) {
            rule(field, std::ranges::all_of(parents, holds));
        };
        rule("parents", parents.size() <= (options_.offspring ? most_parents : 0));
        each("parents.f", [](const Parent& p) { return std::isfinite(p.f); });
        each("parents.x", [&](const Parent& p) { return is_in_box(p.x); });
        each("parents.line", [&](const Parent& p) { return is_line(p.line); });
    }

    void wave(Wave& wave, bool breeding) const {
        const double alpha = wave.course_.rule.alpha;
        const std::size_t iterations = wave.iterations();
        const std::size_t runs = wave.runs();
        const History& history = wave.history_;
        const auto each = [&](std::string_view field, const auto& of_runs, auto holds) {
            rule(field, of_runs.size() == runs && std::ranges::all_of(of_runs, holds));
        };
        rule("wave.alpha", alpha > 0 && alpha <= options_.rule.alpha);
        const bool has_steps = options_.rule.method != Method::lbfgs;
        rule("wave.iterations",
             has_steps ? iterations >= 1 && iterations <= options_.iterations : iterations == 0);
        rule("wave.runs", runs >= 1 && runs <= runs_.count() && wave.first() == runs_.count() - runs);
        rule("wave.breeding",
             std::ranges::all_of(runs_.id.begin() + static_cast<std::ptrdiff_t>(wave.first()), runs_.id.end(),
                                 [&](std::uint64_t id) { return (id >= starts_.count()) == breeding; }));
        rule("wave.iteration", wave.iteration() <= std::min(iterations, findings_.iterations));
        rule("wave.stage", wave.stage_ <= wave.iteration());
        rule("wave.cut_off", wave.cut_off_ == 0 || wave.cut_off_ == wave.whole_stage());
        each("wave.looks_unchanged", history.looks_unchanged,
             [](std::uint8_t looks) { return looks <= enough_looks; });
        each("wave.first_f", history.first_f, is_value);
        each("wave.last_f", history.last_f, is_value);
        each("wave.earlier_best_f", history.earlier_best_f, is_value);
        each("wave.is_sample", history.is_sample, [](std::uint8_t is) { return is <= 1; });
        wave.engine_->take_up({.runs = runs,
                               .iteration = wave.iteration(),
                               .under_way = wave.cut_off_,
                               .is_looked_at = wave.stage_ > 0 && !wave.is_cut_off()});
        const Look& look = wave.look();
        std::size_t next = 0;
        each_run("wave.status", [&](std::size_t run) {
            const bool has_lane = next < look.count() && look.run[next] == run;
            if (has_lane) ++next;
            return has_lane == is_going(run);
        });
        rule("wave.alive", wave.alive() == look.count());
    }

    template <class Holds>
    void each_run(std::string_view field, Holds holds) const {
        bool all = true;
        for (std::size_t run = 0; run < runs_.count(); ++run) all = all && holds(run);
        rule(field, all);
    }

    bool is_going(std::size_t run) const { return runs_.status[run] == RunStatus::stopped; }
    std::size_t going() const {
        return static_cast<std::size_t>(std::ranges::count(runs_.status, RunStatus::stopped));
    }

    bool is_run(std::int64_t run) const { return run >= 0 && static_cast<std::size_t>(run) < runs_.count(); }
    bool is_iteration(std::int64_t iteration) const {
        return iteration >= -1 && iteration < static_cast<std::int64_t>(options_.iterations);
    }
    /// A run was there.
    template <class Point>
    bool is_visited(const Point& point) const {
        return point.run < runs_.count() && is_iteration(point.iteration);
    }
    bool is_in_box(std::span<const double> x) const { return lanewise::is_in_box(x, box_); }

    std::size_t most_offspring() const {
        if (!options_.offspring) return 0;
        return std::min(lanewise::most_offspring * starts_.drawn_of(begun_),
                        share_memory(options_, box_.dimension()).most_offspring);
    }

    /// Offspring descend from a start that has begun, or from one of an earlier round.
    bool is_line(std::uint64_t line) const {
        const std::uint64_t first = starts_.to_run().first;
        return (line >= first && line < first + begun_) || (is_handed_ && line < first);
    }

    /// Of starts and of offspring those that began earlier have smaller ids, without a gap.
    bool ids_are_in_order() const {
        std::uint64_t start = starts_.to_run().first;
        std::uint64_t child = starts_.first_offspring();
        for (const std::uint64_t id : runs_.id) {
            if (id != (id < starts_.count() ? start : child)) return false;
            ++(id < starts_.count() ? start : child);
        }
        return start == starts_.to_run().first + begun_;
    }

    bool is_given_up(std::size_t run) const {
        const std::int64_t other = runs_.given_up_for[run];
        switch (runs_.status[run]) {
            case RunStatus::stopped: return other == Runs::nothing;
            case RunStatus::pruned: return is_run(other);
            case RunStatus::merged: return is_run(other) || is_polish(other);
            default: return other == Runs::nothing || is_run(other) || is_polish(other);
        }
    }
    bool is_polish(std::int64_t other) const {
        return other < 0 && static_cast<std::size_t>(~other) < findings_.polished.size();
    }

    /// Whoever follows those for which runs were given up does not go far, nor in a circle.
    bool leads_to_an_end(std::size_t run) const {
        std::int64_t at = runs_.given_up_for[run];
        for (std::size_t i = 1; i < most_given_up_in_a_row && at >= 0; ++i)
            at = runs_.given_up_for[static_cast<std::size_t>(at)];
        return at < 0 || runs_.given_up_for[static_cast<std::size_t>(at)] < 0;
    }

    const Box& box_;
    const Options& options_;
    const Starts& starts_;
    bool is_handed_;
    const Findings& findings_;
    const Runs& runs_;
    std::size_t begun_;
};

void require_rules(const SearchState& state) {
    StateRules(state).search(state);
}

namespace {

class FoundRules {
  public:
    FoundRules(const Outcome& outcome, const Options& options, const Box& box)
        : outcome_(outcome), options_(options), box_(box), range_(starts_to_run(options)) {
        for (const std::uint64_t runs : outcome.runs) {
            rule("runs", runs <= range_.count() - begun_);
            begun_ += runs;
        }
    }

    void part() const {
        rule("part", options_.part > 0);
        rule("status", is_done(outcome_.status));
        best();
        minima();
        hits();
        counts();
        parents();
        rule("work.seconds", is_duration(outcome_.work.seconds));
        rule("work.run_iterations", is_count(outcome_.work.run_iterations));
        rule("work.evaluations", is_count(outcome_.work.evaluations));
        rule("work.lane_occupancy", outcome_.work.lane_occupancy >= 0 && outcome_.work.lane_occupancy <= 1);
        rule("threads", outcome_.threads >= 1);
    }

  private:
    template <class Of, class Holds>
    static void each(std::string_view field, const Of& of, Holds holds) {
        rule(field, std::ranges::all_of(of, holds));
    }

    bool is_in_box(std::span<const double> x) const { return lanewise::is_in_box(x, box_); }
    /// Offspring of what was handed descend from a start of an earlier part.
    bool is_line(std::uint64_t line) const { return line < range_.last; }

    void best() const {
        const BestSoFar& best = outcome_.best;
        rule("best.f", is_value(best.f));
        rule("best.x", best.f == nowhere ? best.x.empty() : is_in_box(best.x));
        rule("best.line", best.f == nowhere || is_line(best.line));
        rule("best.iteration",
             best.iteration >= -1 && best.iteration < static_cast<std::int64_t>(options_.iterations));
        rule("best.of", best.of <= EndOf::run && best.of != EndOf::polish_start);
    }

    void minima() const {
        const FoundMinima& minima = outcome_.minima;
        const std::size_t count = minima.count();
        rule("minima.x",
             minima.x.size() % box_.dimension() == 0 && minima.x.size() / box_.dimension() == count);
        for (const std::size_t size : {minima.of.size(), minima.is_continuum.size(), minima.hits.size(),
                                       minima.drawn_hits.size(), minima.offspring.size()})
            rule("minima", size == count);
        for (std::size_t i = 0; i < count; ++i) {
            const double before = i == 0 ? outcome_.best.f : minima.f[i - 1];
            rule("minima.f", std::isfinite(minima.f[i]) && minima.f[i] >= before);
            rule("minima.x", is_in_box(minima.point(i)));
        }
        each("minima.of", minima.of,
             [](EndOf of) { return is_polish(of) || of == EndOf::polish_start || of == EndOf::run; });
        each("minima.is_continuum", minima.is_continuum, [](std::uint8_t is) { return is <= 1; });
        each("continua", outcome_.continua, [&](const ContinuumPoint& point) {
            return point.minimum < count && std::isfinite(point.f) && is_in_box(point.x);
        });
        rule("best_is_minimum", !outcome_.best_is_minimum || (count > 0 && minima.f[0] == outcome_.best.f));
    }

    void hits() const {
        const FoundMinima& minima = outcome_.minima;
        std::uint64_t hits = 0;
        std::uint64_t drawn_hits = 0;
        for (std::size_t i = 0; i < minima.count(); ++i) {
            rule("minima.hits", minima.hits[i] <= begun_ - hits);
            rule("minima.drawn_hits", minima.drawn_hits[i] <= minima.hits[i]);
            hits += minima.hits[i];
            drawn_hits += minima.drawn_hits[i];
        }
        each("minima.offspring", minima.offspring, is_count);
        rule("minima.start_ids", minima.start_ids.empty() || minima.start_ids.size() == hits);
        each("minima.start_ids", minima.start_ids,
             [&](std::uint32_t id) { return id >= range_.first && id < range_.last; });
        rule("ended", outcome_.ended <= outcome_.not_pruned && drawn_hits <= outcome_.ended);
    }

    void counts() const {
        rule("starts", outcome_.starts == range_.count());
        rule("drawn", outcome_.drawn <= begun_);
        rule("not_pruned", outcome_.not_pruned <= outcome_.drawn);
        rule("minima_found",
             outcome_.minima.count() <= outcome_.minima_found && is_count(outcome_.minima_found));
        rule("tail_halvings", outcome_.tail_halvings <= most_tail_halvings);
        rule("found_once", outcome_.found_once <= outcome_.ended);
        rule("points_tried", is_count(outcome_.points_tried));
        rule("offspring", is_count(outcome_.offspring));
        const FoundAudit& audit = outcome_.audit;
        rule("audit.spared", audit.better_than_leader <= audit.spared && audit.spared <= begun_);
        rule("audit.best_spared", is_value(audit.best_spared) && is_value(audit.best_other));
        rule("iterations", outcome_.iterations <= options_.iterations);
    }

    void parents() const {
        const std::vector<Parent>& parents = outcome_.parents;
        rule("parents", parents.size() <= most_parents);
        each("parents.f", parents, [](const Parent& parent) { return std::isfinite(parent.f); });
        each("parents.x", parents, [&](const Parent& parent) { return is_in_box(parent.x); });
        each("parents.line", parents, [&](const Parent& parent) { return is_line(parent.line); });
    }

    const Outcome& outcome_;
    const Options& options_;
    const Box& box_;
    StartRange range_;
    std::uint64_t begun_ = 0;
};

}  // namespace

void require_rules(const FoundPart& part, const Options& options, const Box& box) {
    FoundRules(part.outcome, options, box).part();
}

}  // namespace lanewise
