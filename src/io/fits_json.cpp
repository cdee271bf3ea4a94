#include <fmt/format.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "box_json.hpp"
#include "lanewise/io.hpp"
#include "lanewise/version.hpp"
#include "told.hpp"

namespace lanewise {

namespace {

using Json = nlohmann::ordered_json;

template <class T>
Json or_null(const std::optional<T>& value) {
    return value ? Json(*value) : Json(nullptr);
}

Json or_null(double number) {
    return std::isfinite(number) ? Json(number) : Json(nullptr);
}

Json list(std::span<const double> numbers) {
    Json list = Json::array();
    for (const double number : numbers) list.push_back(or_null(number));
    return list;
}

Json model_json(const Model& model) {
    Json json = {{"formula", model.formula}, {"response", model.response}, {"loss", name(model.loss)}};
    if (!model.sigma.empty()) json["sigma"] = model.sigma;
    if (!model.weights.empty()) json["weights"] = model.weights;
    json["loss_scale"] = model.loss_scale;
    if (!model.parameters.empty()) json["parameters"] = model.parameters;
    if (!model.tables.empty()) json["tables"] = model.tables;
    return json;
}

Json objective_json(const ProblemsObjective& objective) {
    Json json = {{"expression", objective.expression}, {"maximize", objective.maximize}};
    if (!objective.parameters.empty()) json["parameters"] = objective.parameters;
    if (!objective.tables.empty()) json["tables"] = objective.tables;
    return json;
}

Json options_json(const FitOptions& options) {
    return {{"starts", or_null(options.starts)},
            {"start_points", options.start_points},
            {"seed", options.seed},
            {"iterations", options.iterations},
            {"rule", name(options.rule.method)},
            {"alpha", options.rule.alpha},
            {"max_steps", options.most_steps},
            {"tolerance", options.tolerance},
            {"memory", or_null(options.memory)},
            {"max_time", or_null(options.max_time)},
            {"jit", name(options.jit)}};
}

Json covariance_json(const Fits& fits, std::size_t p) {
    const std::size_t d = fits.dimension;
    Json covariance = Json::array();
    for (std::size_t i = 0; i < d; ++i) covariance.push_back(list(fits.covariance_of(p).subspan(i * d, d)));
    return covariance;
}

Json minima_json(const std::vector<ProblemMinimum>& minima) {
    Json json = Json::array();
    for (const ProblemMinimum& minimum : minima)
        json.push_back({{"f", or_null(minimum.f)}, {"x", list(minimum.x)}, {"runs", minimum.runs}});
    return json;
}

std::string text_of(const Json& json) {
    return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Json head_of(const Told& told) {
    return {{"lanewise",
             {{"version", version()},
              {"isa", isa_name(choose_isa(told.options.isa))},
              {"precision", name(told.options.precision)}}}};
}

/// `add` completes what is told of a problem.
template <class Add>
std::string whole_text(Json head, const Told& told, Json options, std::string_view key_of_list, Add add) {
    head.update({{"dimension", told.box.dimension()},
                 {"variables", variables_json(told.box)},
                 {"options", std::move(options)}});
    if (!told.keys.empty()) head["group"] = told.group;
    if (told.part) head["part"] = {{"number", told.part->number}, {"of", told.part->of}};
    std::string text = "{";
    for (const auto& [key, value] : head.items())
        text += fmt::format("{}: {},\n ", text_of(key), text_of(value));
    text += fmt::format("{}: [", text_of(key_of_list));
    for (std::size_t p = 0; p < told.count(); ++p) {
        Json json = Json::object();
        if (!told.keys.empty()) {
            json["key"] = told.key(p);
        } else if (told.part) {
            json["problem"] = told.first_problem() + p;
        }
        json.update({{"status", name(told.status[p])}, {"x", list(told.x_of(p))}});
        add(json, p);
        text += fmt::format("{}\n  {}", p == 0 ? "" : ",", text_of(json));
    }
    const Json work = {{"seconds", told.seconds}, {"evaluations", told.evaluations}};
    return text + fmt::format("],\n \"work\": {}}}\n", text_of(work));
}

/// The value and the counts.
void add_counts(Json& json, const Told& told, std::size_t p) {
    json[std::string(told.key_of_value)] = or_null(told.value[p]);
    json.update({{"n_used", told.n_used[p]},
                 {"n_left_out", told.n_left_out[p]},
                 {"runs", told.runs[p]},
                 {"agree", told.agree[p]}});
}

}  // namespace

std::string to_json(const Fits& fits, const FitsOf& of) {
    const Told told = told_of(fits, of);
    Json head = head_of(told);
    head["model"] = model_json(of.model);
    Json options = options_json(of.options);
    options["absolute_sigma"] = of.options.absolute_sigma;
    return whole_text(std::move(head), told, std::move(options), "fits", [&](Json& json, std::size_t p) {
        json["standard_error"] =
            list(std::span(fits.standard_error).subspan(p * fits.dimension, fits.dimension));
        json["covariance"] = covariance_json(fits, p);
        add_counts(json, told, p);
    });
}

std::string to_json(const ProblemEnds& ends, const EndsOf& of) {
    const Told told = told_of(ends, of);
    Json head = head_of(told);
    head["objective"] = objective_json(of.objective);
    return whole_text(std::move(head), told, options_json(of.options), "problems",
                      [&](Json& json, std::size_t p) {
                          add_counts(json, told, p);
                          if (!ends.minima.empty()) json["minima"] = minima_json(ends.minima[p]);
                      });
}

}  // namespace lanewise
