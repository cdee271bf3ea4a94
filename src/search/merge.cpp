// What the parts of a search found, brought together.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <memory>
#include <stdexcept>
#include <utility>

#include "basins.hpp"
#include "budget.hpp"
#include "cluster.hpp"
#include "continuum.hpp"
#include "coverage.hpp"
#include "digest.hpp"
#include "found_part.hpp"
#include "handed.hpp"
#include "lanewise/parts.hpp"
#include "merge.hpp"
#include "report.hpp"
#include "state.hpp"
#include "tail.hpp"

namespace lanewise {

namespace {

constexpr double nowhere = std::numeric_limits<double>::infinity();

/// The minima of several parts as ends of one search.
class MergedMinima {
  public:
    MergedMinima(const Setting& setting, const std::vector<FoundPart>& parts, Engine& engine)
        : setting_(&setting), parts_(&parts), engine_(&engine), ends_(*setting.box, count_of(parts)) {
        add_ends();
        const SameBasin same_basin = same_basin_by_values(engine, *setting.box);
        clusters_ = cluster(ends_, setting.options->same_distance, in_one_basin_among(ends_, same_basin));
        join_continua();
        add_up_hits();
        for (const FoundPart& part : parts)
            tail_halvings_ = std::max(tail_halvings_, part.outcome.tail_halvings);
    }

    std::size_t count() const noexcept { return clusters_.count; }
    std::uint8_t tail_halvings() const noexcept { return tail_halvings_; }
    /// In the tail as many as those that are told let expect.
    std::uint64_t found() const {
        return count_if([](std::size_t) { return true; });
    }
    std::uint64_t found_once() const {
        return count_if([&](std::size_t minimum) { return drawn_hits_[minimum] == 1; });
    }
    double best() const {
        if (count() == 0) return nowhere;
        return clusters_.members.front().end.f;
    }

    /// Of runs that came to a minimum that is as low as this; one of offspring counts less.
    double hits_as_low(double f) const {
        double hits = 0;
        std::uint32_t found = 0;
        for (const auto& [end, cluster] : clusters_.members) {
            if (cluster != found) continue;
            ++found;
            if (end.f > f) break;
            hits += static_cast<double>(drawn_hits_[cluster]) +
                    weight_of_offspring * static_cast<double>(offspring_[cluster]);
        }
        return hits;
    }
    double median() const { return founders(clusters_)[count() / 2].f; }

    FoundMinima describe(std::size_t most) const {
        most = std::min(most, count());
        FoundMinima minima{.dimension = setting_->box->dimension()};
        minima.resize(most);
        std::vector<std::vector<std::uint32_t>> ids(most);
        const bool tells_start_ids = all_tell_start_ids();
        std::uint32_t found = 0;
        for (const auto& [end, cluster] : clusters_.members) {
            if (cluster >= most) continue;
            const Source& source = sources_[end.index];
            if (cluster == found) {
                ++found;
                minima.f[cluster] = end.f;
                minima.of[cluster] = end.of;
                minima.is_continuum[cluster] = clusters_.is_continuum[cluster];
                minima.hits[cluster] = hits_[cluster];
                minima.drawn_hits[cluster] = drawn_hits_[cluster];
                minima.offspring[cluster] = offspring_[cluster];
                std::ranges::copy(point(source),
                                  minima.x.begin() + static_cast<std::ptrdiff_t>(cluster * minima.dimension));
            }
            if (tells_start_ids && source.further == nullptr) {
                const std::span<const std::uint32_t> those = start_ids(source);
                ids[cluster].insert(ids[cluster].end(), those.begin(), those.end());
            }
        }
        for (const std::vector<std::uint32_t>& of_minimum : ids)
            minima.start_ids.insert(minima.start_ids.end(), of_minimum.begin(), of_minimum.end());
        return minima;
    }

  private:
    /// Where an end comes from.
    struct Source {
        std::uint32_t part, minimum;
        std::uint64_t first_start_id;
        const ContinuumPoint* further = nullptr;  ///< that point of the minimum, and not its best
    };

    static std::size_t count_of(const std::vector<FoundPart>& parts) {
        std::size_t count = 0;
        for (const FoundPart& part : parts)
            count += part.outcome.minima.count() + part.outcome.continua.size();
        return count;
    }

    template <class Predicate>
    std::uint64_t count_if(Predicate counts) const {
        std::uint64_t whole = 0;
        std::uint64_t of_tail = 0;
        std::uint32_t minimum = 0;
        for (const auto& [end, cluster] : clusters_.members) {
            if (cluster != minimum) continue;
            const bool is_whole = minimum < most_told || tail_halvings_ == 0;
            const bool is_told =
                is_whole || is_in_sample(point(sources_[end.index]), tail_halvings_, *setting_->box);
            if (is_told && counts(minimum)) ++(is_whole ? whole : of_tail);
            ++minimum;
        }
        return whole + (of_tail << tail_halvings_);
    }

    const FoundMinima& minima_of(const Source& source) const { return (*parts_)[source.part].outcome.minima; }
    std::span<const double> point(const Source& source) const {
        return source.further != nullptr ? source.further->x : minima_of(source).point(source.minimum);
    }
    std::span<const std::uint32_t> start_ids(const Source& source) const {
        const FoundMinima& minima = minima_of(source);
        return std::span(minima.start_ids).subspan(source.first_start_id, minima.hits[source.minimum]);
    }
    bool all_tell_start_ids() const {
        return std::ranges::all_of(*parts_, [](const FoundPart& part) {
            const FoundMinima& minima = part.outcome.minima;
            return !minima.start_ids.empty() ||
                   std::ranges::all_of(minima.hits, [](std::uint64_t hits) { return hits == 0; });
        });
    }

    /// What is polished comes before what is not, as in a search, then part by part.
    void add_ends() {
        for (const EndOf of : {EndOf::polish, EndOf::rough_polish, EndOf::run}) {
            for (std::uint32_t part = 0; part < parts_->size(); ++part) add_ends(part, of);
        }
    }

    void add_ends(std::uint32_t part, EndOf of) {
        const Outcome& outcome = (*parts_)[part].outcome;
        const FoundMinima& minima = outcome.minima;
        std::uint64_t first_start_id = 0;
        for (std::uint32_t i = 0; i < minima.count(); ++i) {
            const EndOf kind = is_polish(minima.of[i]) ? minima.of[i] : EndOf::run;
            if (kind == of) add_end(minima.f[i], of, {part, i, first_start_id});
            first_start_id += minima.hits[i];
        }
        for (const ContinuumPoint& further : outcome.continua) {
            const EndOf kind = further.is_rough ? EndOf::rough_polish : EndOf::polish;
            if (kind == of) add_end(further.f, of, {part, further.minimum, 0, &further});
        }
    }

    void add_end(double f, EndOf of, const Source& source) {
        const auto index = static_cast<std::uint32_t>(sources_.size());
        sources_.push_back(source);
        ends_.add({f, of, index}, [x = point(source)](std::size_t j) { return x[j]; });
    }

    /// What is one continuum in the box may be several in the parts.
    void join_continua() {
        clusters_.is_continuum.assign(clusters_.count, 0);
        const auto is_continuum = [&](const End& end) {
            const Source& source = sources_[end.index];
            return minima_of(source).is_continuum[source.minimum] != 0;
        };
        const bool has_continua = std::ranges::any_of(
            clusters_.members, [&](const Clusters::Member& member) { return is_continuum(member.end); });
        if (!has_continua) return;
        if (setting_->options->polish) {
            const std::vector<Polished> polished = polished_points();
            std::vector<Joint> joints = find_joints(
                polished, clusters_, 0, *engine_, *setting_->box,
                [&](std::span<const std::vector<double>> points, PolishTo to) { return polish(points, to); });
            add_known_joints(joints);
            join(clusters_, joints, polished.size());
        }
        for (const auto& [end, cluster] : clusters_.members) {
            if (is_continuum(end)) clusters_.is_continuum[cluster] = 1;
        }
    }

    /// The points that parts tell of a continuum.
    void add_known_joints(std::vector<Joint>& joints) const {
        std::map<std::pair<std::uint32_t, std::uint32_t>, std::uint32_t> best;
        for (std::uint32_t i = 0; i < sources_.size(); ++i) {
            if (sources_[i].further == nullptr) best[{sources_[i].part, sources_[i].minimum}] = i;
        }
        for (std::uint32_t i = 0; i < sources_.size(); ++i) {
            if (sources_[i].further != nullptr)
                joints.push_back({best.at({sources_[i].part, sources_[i].minimum}), i});
        }
    }

    std::vector<Polished> polished_points() const {
        std::vector<Polished> polished;
        for (const Source& source : sources_) {
            const std::span<const double> x = point(source);
            const FoundMinima& minima = minima_of(source);
            Polished& one = polished.emplace_back();
            one.f = source.further != nullptr ? source.further->f : minima.f[source.minimum];
            one.x.assign(x.begin(), x.end());
            one.is_rough = source.further != nullptr ? source.further->is_rough
                                                     : minima.of[source.minimum] == EndOf::rough_polish;
        }
        return polished;
    }

    /// Nothing when that takes more than all parts did.
    std::vector<Polished> polish(std::span<const std::vector<double>> points, PolishTo to) {
        constexpr std::size_t at_once = 64;
        auto most = std::uint64_t{100'000};
        for (const FoundPart& part : *parts_) most += part.outcome.work.evaluations;
        const std::uint64_t each = evaluations_of_polish(setting_->box->dimension());
        std::vector<Polished> polished;
        while (polished.size() < points.size()) {
            if (evaluations_ > most) return {};
            std::vector<PolishStart> starts;
            for (const std::vector<double>& x :
                 points.subspan(polished.size(), std::min(at_once, points.size() - polished.size())))
                starts.push_back({.x = x, .run = 0, .iteration = -1});
            for (Polished& one :
                 engine_->polish(starts, to, {.evaluations = each, .iterations = each, .tolerance = 1e-9})) {
                evaluations_ += one.evaluations;
                polished.push_back(std::move(one));
            }
        }
        return polished;
    }

    void add_up_hits() {
        hits_.assign(clusters_.count, 0);
        drawn_hits_.assign(clusters_.count, 0);
        offspring_.assign(clusters_.count, 0);
        for (const auto& [end, cluster] : clusters_.members) {
            const Source& source = sources_[end.index];
            if (source.further != nullptr) continue;
            const FoundMinima& minima = minima_of(source);
            hits_[cluster] += minima.hits[source.minimum];
            drawn_hits_[cluster] += minima.drawn_hits[source.minimum];
            offspring_[cluster] += minima.offspring[source.minimum];
        }
    }

    const Setting* setting_;
    const std::vector<FoundPart>* parts_;
    Engine* engine_;
    Ends ends_;
    std::vector<Source> sources_;  ///< [end]
    Clusters clusters_{.members = {}, .count = 0};
    std::vector<std::uint64_t> hits_, drawn_hits_, offspring_;  ///< [cluster]
    std::uint8_t tail_halvings_ = 0;
    std::uint64_t evaluations_ = 0;
};

/// Of equal values that of the first part.
void take_better(BestSoFar& best, const BestSoFar& other) {
    if (other.f < best.f || (other.f == best.f && other.of < best.of)) best = other;
}

double best_of(std::span<const FoundPart> parts) {
    double best = nowhere;
    for (const FoundPart& part : parts) best = std::min(best, part.outcome.best.f);
    return best;
}

/// Counts and the best point of all parts.
Outcome sum_of(const std::vector<FoundPart>& parts, std::size_t dimension) {
    Outcome sum{.minima = {.dimension = dimension}};
    sum.best.f = nowhere;
    double lane_iterations = 0;
    for (const FoundPart& part : parts) {
        const Outcome& one = part.outcome;
        take_better(sum.best, one.best);
        sum.starts += one.starts;
        for (std::size_t status = 0; status < run_statuses; ++status) sum.runs[status] += one.runs[status];
        sum.points_tried += one.points_tried;
        sum.offspring += one.offspring;
        sum.drawn += one.drawn;
        sum.not_pruned += one.not_pruned;
        sum.ended += one.ended;
        sum.audit.spared += one.audit.spared;
        sum.audit.better_than_leader += one.audit.better_than_leader;
        sum.audit.best_spared = std::min(sum.audit.best_spared, one.audit.best_spared);
        sum.audit.best_other = std::min(sum.audit.best_other, one.audit.best_other);
        sum.iterations = std::max(sum.iterations, one.iterations);
        sum.work.seconds += one.work.seconds;
        sum.work.run_iterations += one.work.run_iterations;
        sum.work.evaluations += one.work.evaluations;
        if (one.work.lane_occupancy > 0)
            lane_iterations += static_cast<double>(one.work.run_iterations) / one.work.lane_occupancy;
        sum.threads = std::max(sum.threads, one.threads);
        sum.tile_lanes = std::max(sum.tile_lanes, one.tile_lanes);
        sum.native = sum.native || one.native;
    }
    if (lane_iterations > 0)
        sum.work.lane_occupancy = static_cast<double>(sum.work.run_iterations) / lane_iterations;
    return sum;
}

/// How the search ended, of which all is here or not.
SearchStatus status_of(const std::vector<FoundPart>& parts, bool are_all_here, bool is_settled) {
    const auto has_ended = [&](SearchStatus status) {
        return std::ranges::any_of(parts,
                                   [&](const FoundPart& part) { return part.outcome.status == status; });
    };
    if (has_ended(SearchStatus::target)) return SearchStatus::target;
    for (const SearchStatus status :
         {SearchStatus::out_of_memory, SearchStatus::interrupted, SearchStatus::max_time}) {
        if (has_ended(status)) return status;
    }
    if (!are_all_here) return SearchStatus::parts_missing;
    if (has_ended(SearchStatus::max_evaluations)) return SearchStatus::max_evaluations;
    return is_settled ? SearchStatus::settled : SearchStatus::completed;
}

/// The best of all parts' parents that are distinct.
std::vector<Parent> best_parents(const std::vector<FoundPart>& parts, const Setting& setting) {
    std::vector<const Parent*> all;
    for (const FoundPart& part : parts) {
        for (const Parent& parent : part.outcome.parents) all.push_back(&parent);
    }
    Ends ends(*setting.box, all.size());
    for (std::uint32_t i = 0; i < all.size(); ++i)
        ends.add({all[i]->f, EndOf::run, i}, [&](std::size_t j) { return all[i]->x[j]; });
    std::vector<Parent> best;
    for (const End& end : founders(cluster(ends, setting.options->same_distance))) {
        if (best.size() == most_parents) break;
        best.push_back(*all[end.index]);
    }
    return best;
}

/// A digest of what the parts up to this one found.
std::uint64_t digest_until(std::size_t last, const std::vector<FoundPart>& parts) {
    std::uint64_t all = digest({});
    for (const FoundPart& part : parts) {
        if (part.number <= last)
            all = digest({reinterpret_cast<const char*>(&part.found), sizeof part.found}, all);
    }
    return all;
}

std::vector<std::size_t> missing_until(std::size_t last, const std::vector<FoundPart>& parts) {
    std::vector<std::size_t> missing;
    std::size_t next = 1;
    for (const FoundPart& part : parts) {
        for (; next < part.number; ++next) missing.push_back(next);
        next = part.number + 1;
    }
    for (; next <= last; ++next) missing.push_back(next);
    return missing;
}

}  // namespace

Options of_merge(Options options) {
    options.part = 0;
    options.handed.clear();
    options.max_time.reset();
    options.stop = {};
    return options;
}

Merged merge(const Setting& setting, const std::vector<FoundPart>& parts, const Halt& halt, Engine& engine) {
    const Options& options = *setting.options;
    const std::size_t round = round_of(parts.back().number, options);
    Merged merged{};
    merged.missing = missing_until(last_part(round, options), parts);
    const bool is_last = round == options.rounds;
    const MergedMinima minima(setting, parts, engine);
    Outcome outcome = sum_of(parts, setting.box->dimension());
    outcome.found_once = std::min(minima.found_once(), outcome.ended);
    outcome.minima_found = minima.found();
    outcome.best_is_minimum = std::isfinite(outcome.best.f) && minima.best() == outcome.best.f;

    if (!is_last && options.used_settle() > 0 && outcome.drawn >= least_starts_to_settle &&
        minima.count() > 0) {
        const double difference = difference_that_counts(outcome.best.f, minima.median());
        const auto first_of_round =
            std::ranges::lower_bound(parts, last_part(round - 1, options) + 1, {}, &FoundPart::number);
        const double before = best_of({parts.begin(), first_of_round});
        merged.is_settled =
            before - outcome.best.f <= difference &&
            chance_of_better(outcome.drawn, minima.hits_as_low(outcome.best.f + difference)) <=
                options.used_settle();
    }
    const bool are_all_here = merged.missing.empty() && (is_last || merged.is_settled);
    outcome.status = status_of(parts, are_all_here, merged.is_settled);
    outcome.starts = setting.starts.count();
    outcome.tail_halvings = minima.tail_halvings();
    outcome.minima = minima.describe(options.most_minima);
    if (!is_last)
        merged.handed = to_bytes({.search = search_digest(setting),
                                  .round = round + 1,
                                  .of = digest_until(last_part(round, options), parts),
                                  .parents = best_parents(parts, setting)});
    if (!is_last && !std::isfinite(outcome.best.f)) return merged;
    merged.result = report(setting, std::move(outcome), engine, halt);
    merged.result->parts =
        PartsTold{.of = options.parts, .numbers = {}, .tail_share = share_of_tail(minima.tail_halvings())};
    for (const FoundPart& part : parts) merged.result->parts->numbers.push_back(part.number);
    return merged;
}

namespace {

template <class Act>
auto with_name(const std::string& name, Act act) {
    try {
        return act();
    } catch (const std::invalid_argument& error) {
        throw std::invalid_argument(fmt::format("{}: {}", name, error.what()));
    }
}

/// The parts of one search, in order.
class Parts {
  public:
    explicit Parts(Options options) : options_(of_merge(std::move(options))) {}
    const Options& options() const noexcept { return options_; }

    /// Those that are not done are left out where they may be missing.
    void read(std::span<const PartState> states, Setting& setting, bool allow_missing) {
        struct Opened {
            const std::string* name;
            OpenState state;
        };
        std::vector<Opened> opened;
        for (const PartState& state : states)
            with_name(state.name, [&] {
                OpenState open = open_state(state.state);
                if (is_done(open, setting, allow_missing)) opened.push_back({&state.name, std::move(open)});
            });
        std::ranges::stable_sort(opened, {}, [](const Opened& one) { return one.state.search.options.part; });
        const std::uint64_t search = search_digest(setting);
        for (Opened& one : opened) {
            if (parts_.empty()) setting.narrow(one.state.region, 0, true);
            with_name(*one.name, [&] { take(one.state, setting, search); });
            names_.push_back(one.name);
        }
    }

    /// Refuses two of one part, parts that are not here, and those that were handed something else.
    void require_whole(bool allow_missing) const {
        if (parts_.empty()) throw std::invalid_argument("there is no part to merge");
        for (std::size_t i = 1; i < parts_.size(); ++i) {
            if (parts_[i].number == parts_[i - 1].number)
                throw std::invalid_argument(
                    fmt::format("{}: part {} is {}, too", *names_[i], parts_[i].number, *names_[i - 1]));
        }
        const std::size_t last = last_part(round_of(parts_.back().number, options_), options_);
        const std::vector<std::size_t> missing = missing_until(last, parts_);
        if (!missing.empty() && !allow_missing)
            throw std::invalid_argument(fmt::format("{} of {} {} missing", name_parts(missing),
                                                    options_.parts, missing.size() == 1 ? "is" : "are"));
        require_handed(allow_missing);
    }

    std::vector<FoundPart> take() { return std::move(parts_); }

  private:
    /// \throws std::invalid_argument where it is nothing to merge.
    static bool is_done(const OpenState& open, const Setting& setting, bool allow_missing) {
        const std::size_t part = open.search.options.part;
        if (open.of == StateOf::done_part) return true;
        if (part == 0) throw std::invalid_argument("this is the state of a whole search, of no part");
        if (!allow_missing)
            throw std::invalid_argument(fmt::format("part {} is not done; it can be resumed", part));
        require_same_search(open, setting);
        return false;
    }

    void take(OpenState& open, const Setting& setting, std::uint64_t search) {
        require_same_search(open, setting);
        FoundPart found = read_found(open, *setting.box);
        if (found.search != search) throw std::invalid_argument("the part is of another search");
        parts_.push_back(std::move(found));
    }

    /// The parts of a round were handed the same: what all parts before them found.
    void require_handed(bool allow_missing) const {
        std::size_t round = 1;
        std::uint64_t handed_of = 0;
        for (std::size_t i = 0; i < parts_.size(); ++i) {
            if (const std::size_t its = round_of(parts_[i].number, options_); its != round) {
                round = its;
                handed_of = allow_missing ? parts_[i].handed_of
                                          : digest_until(last_part(round - 1, options_), parts_);
            }
            if (parts_[i].handed_of != handed_of)
                throw std::invalid_argument(fmt::format(
                    "{}: part {} was handed the minima of other parts than {}", *names_[i], parts_[i].number,
                    allow_missing ? "others of its round" : "those that are here"));
        }
    }

    Options options_;
    std::vector<FoundPart> parts_;  ///< in order
    std::vector<const std::string*> names_;
};

}  // namespace

std::string name_parts(const std::vector<std::size_t>& numbers) {
    constexpr std::size_t most_named = 12;
    std::vector<std::string> runs;
    for (std::size_t i = 0; i < numbers.size();) {
        std::size_t last = i;
        while (last + 1 < numbers.size() && numbers[last + 1] == numbers[last] + 1) ++last;
        if (last < i + 2) last = i;
        runs.push_back(last == i ? fmt::format("{}", numbers[i])
                                 : fmt::format("{} to {}", numbers[i], numbers[last]));
        i = last + 1;
    }
    std::string text = numbers.size() == 1 ? "part " : "parts ";
    for (std::size_t i = 0; i < std::min(runs.size(), most_named); ++i) {
        if (i > 0) text += i + 1 == runs.size() ? " and " : ", ";
        text += runs[i];
    }
    return runs.size() > most_named ? text + " and more" : text;
}

Merged merge(std::span<const PartState> states, const Objective& objective, const Box& box,
             const Options& options, bool allow_missing) {
    Parts parts(options);
    validate(objective, box, parts.options());
    if (options.parts == 0) throw std::invalid_argument("parts 0: there is nothing to merge");
    Setting setting(objective, box, parts.options());
    parts.read(states, setting, allow_missing);
    parts.require_whole(allow_missing);
    Halt halt(parts.options());
    const std::unique_ptr<Engine> engine = make_local_engine(setting, halt);
    return merge(setting, parts.take(), halt, *engine);
}

std::optional<PartProgress> part_of_state(std::string_view state) {
    const OpenState open = open_state(state);
    const Options& options = open.search.options;
    if (options.part == 0) return {};
    return PartProgress{.part = {options.part, options.parts}, .is_done = open.of == StateOf::done_part};
}

}  // namespace lanewise
