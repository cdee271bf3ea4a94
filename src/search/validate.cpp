#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>

#include "finite_box.hpp"
#include "lanewise/box.hpp"
#include "lanewise/objective.hpp"
#include "lanewise/options.hpp"
#include "lanewise/part.hpp"
#include "memory.hpp"
#include "names.hpp"
#include "option_list.hpp"
#include "setting.hpp"

namespace lanewise {

namespace {

constexpr std::size_t most_iterations = 10'000'000;
constexpr std::size_t most_candidates = 1000;
constexpr int most_threads = 4096;
constexpr std::size_t most_starts = std::numeric_limits<std::uint32_t>::max();

template <class Value>
[[noreturn]] void refuse(std::string_view option, const Value& value, std::string_view allowed) {
    throw std::invalid_argument(fmt::format("{} {}: {}", option, value, allowed));
}

/// A choice is one of the enumerators.
template <class Value>
void check_choice(std::string_view option, const Value& value) {
    if constexpr (std::is_enum_v<Value>) {
        if (!is_known(value))
            refuse(option, static_cast<int>(value), "must be one of: " + all_spellings<Value>());
    }
}
template <class Value>
void check_choice(std::string_view option, const std::optional<Value>& value) {
    if (value) check_choice(option, *value);
}

void check_rule(const Rule& rule) {
    if (!(rule.alpha > 0) || !std::isfinite(rule.alpha))
        refuse("alpha", rule.alpha, "must be finite and above 0");
    if (!(rule.beta1 >= 0 && rule.beta1 < 1)) refuse("beta1", rule.beta1, "must be at least 0 and below 1");
    if (const double beta2 = rule.used_beta2(); !(beta2 >= 0 && beta2 < 1))
        refuse("beta2", beta2, "must be at least 0 and below 1");
    if (!(rule.eps > 0) || !std::isfinite(rule.eps)) refuse("eps", rule.eps, "must be finite and above 0");
}

void check_schedule(const Options& options) {
    if (options.warm_up > options.iterations)
        throw std::invalid_argument(fmt::format("warm-up {}: must be at most the {} iterations",
                                                options.warm_up, options.iterations));
    if (options.schedule == Schedule::exponential && options.final_alpha == 0.0)
        refuse("final-alpha", 0, "must be above 0 for an exponential schedule");
}

void check_single_precision(const Box& box, const Rule& rule) {
    if (rule.method == Method::lbfgs) refuse("rule", "lbfgs", "has double precision only");
    if (rule.eps < std::numeric_limits<float>::min())
        refuse("eps", rule.eps, "must be at least 1.2e-38 in single precision");
    constexpr double largest = std::numeric_limits<float>::max();
    for (std::size_t j = 0; j < box.dimension(); ++j) {
        if (std::abs(box.lower()[j]) > largest || std::abs(box.upper()[j]) > largest ||
            box.upper()[j] - box.lower()[j] > largest)
            throw std::invalid_argument(fmt::format("precision f32: the box {}:{} of {} is beyond its range",
                                                    box.lower()[j], box.upper()[j], box.coordinate_name(j)));
    }
}

void check_start_points(const Box& box, const Options& options) {
    for (std::size_t i = 0; i < options.start_points.size(); ++i) {
        const std::vector<double>& point = options.start_points[i];
        if (point.size() != box.dimension())
            throw std::invalid_argument(
                fmt::format("start {} has {} coordinates; the box has {}", i, point.size(), box.dimension()));
        for (std::size_t j = 0; j < point.size(); ++j) {
            if (!(point[j] >= box.lower()[j] && point[j] <= box.upper()[j] && std::isfinite(point[j])))
                throw std::invalid_argument(fmt::format("start {}: {} = {} is outside the box {}:{}", i,
                                                        box.coordinate_name(j), point[j], box.lower()[j],
                                                        box.upper()[j]));
        }
    }
}

void check_parts(const Options& options) {
    if (options.parts == 0) {
        if (options.part != 0) refuse("part", options.part, "of how many parts? option parts is 0");
        if (options.rounds != 1) refuse("rounds", options.rounds, "there are no parts");
    } else {
        if (options.parts > most_parts)
            refuse("parts", options.parts, fmt::format("must be at most {}", most_parts));
        if (options.parts > count_starts(options))
            refuse("parts", options.parts,
                   fmt::format("must be at most the {} starts", count_starts(options)));
        if (options.part > options.parts)
            refuse("part", options.part, fmt::format("must be 1 to {}, the parts", options.parts));
        if (options.rounds < 1 || options.rounds > options.parts)
            refuse("rounds", options.rounds, fmt::format("must be 1 to {}, the parts", options.parts));
    }
    if (options.parts > 0 && options.profile)
        throw std::invalid_argument("parts: a profile is of a search that is not in parts");
    if (options.part == 0 && !options.handed.empty())
        throw std::invalid_argument("handed: is for a part, which option part names");
}

}  // namespace

void validate(const Options& options) {
    visit_options(options, [](const Option& option, const auto& value) { check_choice(option.name, value); });
    if (options.starts == std::size_t{0}) refuse("starts", 0, "must be at least 1");
    if (options.starts.value_or(0) > most_starts ||
        options.start_points.size() > most_starts - options.starts.value_or(0))
        refuse("starts", options.starts.value_or(0), "there can be at most 4294967295 in all");
    if (options.iterations < 1 || options.iterations > most_iterations)
        refuse("iterations", options.iterations, "must be 1 to 10000000");
    check_rule(options.rule);
    if (options.final_alpha && !(*options.final_alpha >= 0 && *options.final_alpha <= 1))
        refuse("final-alpha", *options.final_alpha, "must be 0 to 1");
    if (options.explore < 1 || options.explore > most_candidates)
        refuse("explore", options.explore, "must be 1 to 1000");
    if (!(options.same_distance > 0 && options.same_distance <= 1))
        refuse("same-distance", options.same_distance, "must be above 0 and at most 1");
    if (options.settle && !(*options.settle >= 0 && *options.settle < 1))
        refuse("settle", *options.settle, "must be above 0 and below 1, or off");
    if (options.threads < 0 || options.threads > most_threads)
        refuse("threads", options.threads, "must be 1 to 4096, or 0 for OpenMP's choice");
    if (options.tile_lanes % lane_multiple != 0)
        refuse("tile_lanes", options.tile_lanes, "must be a multiple of 16, or 0 for a choice");
    if (options.max_time && !(*options.max_time > 0))
        refuse("max-time", *options.max_time, "must be above 0 seconds");
    if (options.max_evaluations == std::uint64_t{0}) refuse("max-evaluations", 0, "must be at least 1");
    if (!(options.checkpoint_every >= 0) || !std::isfinite(options.checkpoint_every))
        refuse("every", options.checkpoint_every, "must be finite and at least 0 seconds");
    if (options.target && !std::isfinite(*options.target))
        refuse("target", *options.target, "must be finite");
}

namespace {

/// What does not depend on whether the box is finite.
void check_runs(const Box& box, const Options& options) {
    validate(options);
    if (options.precision == Precision::f32) check_single_precision(box, options.rule);
    check_start_points(box, options);
    check_schedule(options);
    check_parts(options);
}

void check_objective(const Objective& objective, const Box& box, const Options& options) {
    if (objective.dimension() != box.dimension())
        throw std::invalid_argument(fmt::format("the objective has {} variables, the box {}",
                                                objective.dimension(), box.dimension()));
    if (options.precision == Precision::f32 && !objective.has_f32())
        refuse("precision", "f32", "this objective has double precision only");
    choose_isa(options.isa);
}

}  // namespace

std::optional<std::uint64_t> evaluations_of_part(const Options& options) noexcept {
    if (!options.max_evaluations || options.part == 0) return options.max_evaluations;
    const Part part{options.part, options.parts};
    const std::uint64_t share = part.last(*options.max_evaluations) - part.first(*options.max_evaluations);
    return std::max<std::uint64_t>(share, 1);
}

void validate(const Box& box, const Options& options) {
    check_finite(box);
    check_runs(box, options);
    choose_design(options.design, box.dimension());
    share_memory(options, box.dimension());
}

void validate_runs(const Objective& objective, const Box& box, const Options& options) {
    check_runs(box, options);
    check_objective(objective, box, options);
    if (options.rule.method != Method::lbfgs && options.scale == Scale::box) check_finite(box);
}

void validate(const Objective& objective, const Box& box, const Options& options) {
    validate(box, options);
    check_objective(objective, box, options);
}

}  // namespace lanewise
