#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "box_json.hpp"
#include "lanewise/io.hpp"
#include "lanewise/version.hpp"
#include "names.hpp"
#include "option_list.hpp"
#include "tune_list.hpp"

namespace lanewise {

namespace {

using Json = nlohmann::ordered_json;

/// A vector where the box has one, else the number.
Json by_variable(const Box& box, const std::vector<double>& x) {
    Json variables = Json::object();
    for (const Box::Place& place : box.variables()) {
        const auto begin = x.begin() + static_cast<std::ptrdiff_t>(place.offset);
        if (place.length) {
            variables[place.name] =
                std::vector<double>(begin, begin + static_cast<std::ptrdiff_t>(place.size()));
        } else {
            variables[place.name] = *begin;
        }
    }
    return variables;
}

template <class T>
Json or_null(const std::optional<T>& value) {
    return value ? Json(*value) : Json(nullptr);
}

Json problem(const Box& box, std::string_view expression, const Parameters& parameters) {
    Json problem = {{"dimension", box.dimension()}, {"variables", variables_json(box)}};
    if (!expression.empty()) problem["expression"] = expression;
    if (!parameters.empty()) problem["parameters"] = parameters;
    return problem;
}

Json option_value(const Option& option, const auto& field) {
    using Field = std::remove_cvref_t<decltype(field)>;
    if constexpr (std::is_enum_v<Field>) return spelling_of(field);
    if constexpr (std::is_same_v<Field, bool>) {
        if (option.notation != Notation::truth) return spelling_of(field);
    }
    if constexpr (std::is_same_v<Field, double>) {
        if (option.notation == Notation::number_or_off && field == 0) return "off";
    }
    return field;
}
template <class T>
Json option_value(const Option& option, const std::optional<T>& field) {
    return field ? option_value(option, *field) : Json(nullptr);
}

/// Those that were used, as far as that does not depend on the machine.
Json option_values(const Box& box, const Options& options) {
    const Options used = with_used(options, box.dimension());
    Json values = Json::object();
    visit_options(used, [&](const Option& option, const auto& field) {
        if (!option.json.empty()) values[std::string(option.json)] = option_value(option, field);
    });
    return values;
}
Json option_values(const Box& box, Options options, const Result& result) {
    options.threads = result.threads;
    options.isa = result.isa;
    options.tile_lanes = result.tile_lanes;
    return option_values(box, options);
}

Json minimum(const Minimum& minimum) {
    return {{"f", minimum.f},
            {"x", minimum.x},
            {"hits", minimum.hits()},
            {"offspring", minimum.offspring},
            {"finished", minimum.finished},
            {"polished", minimum.polished},
            {"continuum", minimum.continuum},
            {"gradient_norm", minimum.gradient_norm},
            {"at_bound", minimum.at_bound},
            {"start_ids", minimum.start_ids}};
}

Json runs(const Result& result) {
    Json counts = {{"started", result.runs_started()}, {"offspring", result.offspring}};
    for (std::size_t i = 0; i < run_statuses; ++i)
        counts[std::string(name(static_cast<RunStatus>(i)))] = result.runs[i];
    return counts;
}

Json parts(const Result& result) {
    if (!result.parts) return nullptr;
    return {{"of", result.parts->of},
            {"merged", result.parts->numbers},
            {"tail_share", result.parts->tail_share}};
}

Json names_of(const std::vector<std::size_t>& coordinates, const Box& box) {
    Json names = Json::array();
    for (const std::size_t j : coordinates) names.push_back(box.coordinate_name(j));
    return names;
}

/// The name of an option as a key.
std::string key_of(const Dial& dial) {
    std::string key(dial.name);
    std::ranges::replace(key, '-', '_');
    return key;
}

template <class T>
Json value_of_dial(const T& value) {
    if constexpr (std::is_enum_v<T>) return spelling_of(value);
    return value;
}
template <class T>
Json value_of_dial(const std::optional<T>& value) {
    return or_null(value);
}

Json tune_options(const TuneOptions& options) {
    Json vary = Json::object();
    const TuneSetting none{};
    visit_dials(options, none, [&](const Dial& dial, const auto& varied, const auto&) {
        if (varied.range)
            vary[key_of(dial)] = {{"lower", varied.range->lower}, {"upper", varied.range->upper}};
        for (const auto& value : varied.values) vary[key_of(dial)].push_back(value_of_dial(value));
    });
    return {{"vary", std::move(vary)},
            {"settings", or_null(options.settings)},
            {"grid", or_null(options.grid)},
            {"starts", or_null(options.starts)},
            {"tolerance", options.tolerance}};
}

Json or_null(double number) {
    return std::isfinite(number) ? Json(number) : Json(nullptr);
}

Json tuned(const Tuned& tuned, const TuneOptions& options) {
    Json json = {{"number", tuned.number}};
    TuneSetting setting = tuned.setting;
    setting.rule.beta2 = setting.rule.used_beta2();
    setting.final_alpha = setting.in({}).used_final_alpha();
    visit_dials(options, setting, [&](const Dial& dial, const auto&, const auto& field) {
        json[key_of(dial)] = value_of_dial(field);
    });
    Json values = Json::array();
    Json iterations = Json::array();
    Json statuses = Json::array();
    for (const RunEnd& end : tuned.ends) {
        values.push_back(or_null(end.f));
        statuses.push_back(name(end.status));
    }
    for (const auto& of_run : tuned.iterations_to_target) iterations.push_back(or_null(of_run));
    json.update({{"reached", tuned.reached},
                 {"expected_evaluations", or_null(tuned.expected_evaluations)},
                 {"median_iterations", or_null(tuned.median_iterations)},
                 {"least_iterations", or_null(tuned.least_iterations)},
                 {"median_f", or_null(tuned.median_f)},
                 {"best_f", or_null(tuned.best_f)},
                 {"evaluations", tuned.evaluations},
                 {"f", std::move(values)},
                 {"status", std::move(statuses)},
                 {"iterations_to_target", std::move(iterations)}});
    return json;
}

std::string text_of(const Json& json) {
    return json.dump(1, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace

std::string to_json(const GradientCheck& check, const Box& box) {
    Json worst;
    if (check.worst)
        worst = {{"variable", check.worst->name},
                 {"x", check.worst->x},
                 {"gradient", check.worst->gradient},
                 {"difference", check.worst->difference},
                 {"difference_error", check.worst->difference_error},
                 {"relative_error", check.worst->relative_error}};
    return text_of({{"passed", check.passed},
                    {"text", to_text(check, box)},
                    {"tolerance", check.tolerance},
                    {"points", check.points},
                    {"points_not_finite", check.points_not_finite},
                    {"points_unsettled", check.points_unsettled},
                    {"wrong", names_of(check.wrong, box)},
                    {"unsettled", names_of(check.unsettled, box)},
                    {"worst", std::move(worst)}});
}

std::string to_json(const Result& result, const Box& box, const Options& options, std::string_view expression,
                    const Parameters& parameters) {
    Json minima = Json::array();
    for (const Minimum& found : result.minima) minima.push_back(minimum(found));
    const Work& work = result.work;
    const Coverage& coverage = result.coverage;
    const Json json = {
        {"lanewise",
         {{"version", version()},
          {"isa", isa_name(result.isa)},
          {"native", result.native},
          {"threads", result.threads},
          {"precision", name(options.precision)}}},
        {"problem", problem(box, expression, parameters)},
        {"options", option_values(box, options, result)},
        {"status", name(result.status)},
        {"best",
         {{"f", result.best.f},
          {"x", result.best.x},
          {"variables", by_variable(box, result.best.x)},
          {"start_id", result.best.start_id},
          {"iteration", result.best.iteration},
          {"offspring", result.best.offspring},
          {"polished", result.best.polished},
          {"finished", result.best.finished}}},
        {"minima", std::move(minima)},
        {"minima_found", result.minima_found},
        {"runs", runs(result)},
        {"region",
         result.region ? Json{{"lower", result.region->lower}, {"upper", result.region->upper}} : Json()},
        {"parts", parts(result)},
        {"coverage",
         {{"runs", coverage.runs},
          {"found_once", coverage.found_once},
          {"unseen_probability", or_null(coverage.unseen_probability)}}},
        {"audit",
         {{"spared", result.audit.spared},
          {"better_than_leader", result.audit.better_than_leader},
          {"regret", result.audit.regret}}},
        {"work",
         {{"seconds", work.seconds},
          {"run_iterations", work.run_iterations},
          {"evaluations", work.evaluations},
          {"run_iterations_per_second",
           work.seconds > 0 ? static_cast<double>(work.run_iterations) / work.seconds : 0.0},
          {"lane_occupancy", work.lane_occupancy}}},
    };
    return text_of(json);
}

std::string to_json(const Tuning& tuning, const Box& box, const Options& options, std::string_view expression,
                    const Parameters& parameters) {
    Json settings = Json::array();
    for (const Tuned& of_setting : tuning.settings)
        settings.push_back(tuned(of_setting, tuning.tune_options));
    return text_of(
        {{"lanewise",
          {{"version", version()},
           {"isa", isa_name(tuning.isa)},
           {"native", tuning.native},
           {"threads", tuning.threads},
           {"precision", name(options.precision)}}},
         {"problem", problem(box, expression, parameters)},
         {"options", option_values(box, options)},
         {"tune", tune_options(tuning.tune_options)},
         {"status", name(tuning.status)},
         {"target", tuning.target},
         {"best",
          {{"f", tuning.best_f}, {"x", tuning.best_x}, {"variables", by_variable(box, tuning.best_x)}}},
         {"starts", tuning.starts},
         {"settings", std::move(settings)},
         {"work", {{"seconds", tuning.seconds}, {"evaluations", tuning.evaluations}}}});
}

}  // namespace lanewise
