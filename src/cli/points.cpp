#include "points.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

namespace lanewise::cli {

namespace {

bool is_finite(double number) {
    return std::isfinite(number);
}

const char* status(const Evaluation& at) {
    if (!is_finite(at.f)) return "f-not-finite";
    return std::ranges::all_of(at.gradient, is_finite) ? "finite" : "gradient-not-finite";
}

std::string or_empty(double number) {
    return is_finite(number) ? to_text(number) : "";
}

nlohmann::ordered_json or_null(double number) {
    return is_finite(number) ? nlohmann::ordered_json(number) : nlohmann::ordered_json(nullptr);
}

}  // namespace

std::string points_csv(const Box& box, const std::vector<std::vector<double>>& points,
                       const std::vector<Evaluation>& at) {
    std::string text = "f";
    for (std::size_t j = 0; j < box.dimension(); ++j) text += fmt::format(",{}", box.coordinate_name(j));
    for (std::size_t j = 0; j < box.dimension(); ++j) text += fmt::format(",df/d{}", box.coordinate_name(j));
    text += ",status\n";
    for (std::size_t i = 0; i < points.size(); ++i) {
        text += or_empty(at[i].f);
        for (const double x : points[i]) text += fmt::format(",{}", to_text(x));
        for (const double g : at[i].gradient)
            text += fmt::format(",{}", is_finite(at[i].f) ? or_empty(g) : "");
        text += fmt::format(",{}\n", status(at[i]));
    }
    return text;
}

std::string points_json(const std::vector<std::vector<double>>& points, const std::vector<Evaluation>& at) {
    nlohmann::ordered_json list = nlohmann::ordered_json::array();
    for (std::size_t i = 0; i < points.size(); ++i) {
        nlohmann::ordered_json gradient = nlohmann::ordered_json::array();
        for (const double g : at[i].gradient)
            gradient.push_back(is_finite(at[i].f) ? or_null(g) : nlohmann::ordered_json(nullptr));
        list.push_back({{"f", or_null(at[i].f)},
                        {"gradient", std::move(gradient)},
                        {"x", points[i]},
                        {"status", status(at[i])}});
    }
    return list.dump(1) + "\n";
}

void require_any_finite(const std::vector<Evaluation>& at) {
    const auto is_finite_there = [](const Evaluation& evaluation) {
        return status(evaluation) == std::string_view("finite");
    };
    if (std::ranges::none_of(at, is_finite_there))
        throw NothingFinite(fmt::format(
            "nothing finite found: the value or its gradient is not finite at any of the {} points",
            at.size()));
}

}  // namespace lanewise::cli
