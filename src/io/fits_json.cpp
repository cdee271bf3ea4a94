#include <fmt/format.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "box_json.hpp"
#include "lanewise/io.hpp"
#include "lanewise/version.hpp"

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

Json options_json(const FitOptions& options) {
    return {{"starts", or_null(options.starts)},
            {"start_points", options.start_points},
            {"seed", options.seed},
            {"iterations", options.iterations},
            {"rule", name(options.rule.method)},
            {"alpha", options.rule.alpha},
            {"max_steps", options.most_steps},
            {"tolerance", options.tolerance},
            {"absolute_sigma", options.absolute_sigma},
            {"memory", or_null(options.memory)},
            {"max_time", or_null(options.max_time)},
            {"jit", name(options.jit)}};
}

Json fit_json(const Fits& fits, const FitsOf& of, std::size_t p) {
    const std::size_t d = fits.dimension;
    Json json = Json::object();
    if (!of.keys.empty()) json["key"] = of.keys[p];
    Json covariance = Json::array();
    for (std::size_t i = 0; i < d; ++i) covariance.push_back(list(fits.covariance_of(p).subspan(i * d, d)));
    json.update({{"status", name(fits.status[p])},
                 {"x", list(fits.x_of(p))},
                 {"standard_error", list(std::span(fits.standard_error).subspan(p * d, d))},
                 {"covariance", std::move(covariance)},
                 {"rss", or_null(fits.rss[p])},
                 {"n_used", fits.n_used[p]},
                 {"n_left_out", fits.n_left_out[p]},
                 {"runs", fits.runs[p]},
                 {"agree", fits.agree[p]}});
    return json;
}

std::string text_of(const Json& json) {
    return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace

std::string to_json(const Fits& fits, const FitsOf& of) {
    Json head = {{"lanewise",
                  {{"version", version()},
                   {"isa", isa_name(choose_isa(of.options.isa))},
                   {"precision", name(of.options.precision)}}},
                 {"model", model_json(of.model)},
                 {"dimension", of.box.dimension()},
                 {"variables", variables_json(of.box)},
                 {"options", options_json(of.options)}};
    if (!of.keys.empty()) head["group"] = of.group;
    std::string text = "{";
    for (const auto& [key, value] : head.items())
        text += fmt::format("{}: {},\n ", text_of(key), text_of(value));
    text += "\"fits\": [";
    for (std::size_t p = 0; p < fits.count(); ++p)
        text += fmt::format("{}\n  {}", p == 0 ? "" : ",", text_of(fit_json(fits, of, p)));
    const Json work = {{"seconds", fits.seconds}, {"evaluations", fits.evaluations}};
    return text + fmt::format("],\n \"work\": {}}}\n", text_of(work));
}

}  // namespace lanewise
