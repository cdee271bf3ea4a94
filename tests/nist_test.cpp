// Fits of NIST's Statistical Reference Datasets for nonlinear regression, from their boxes alone, come to
// what NIST certified: the parameters, their standard deviations and the residual sum of squares.
#include <cmath>
#include <cstddef>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <vector>

#include "catch.hpp"
#include "lanewise/fit.hpp"

using namespace lanewise;

namespace {

const std::string folder = LANEWISE_SOURCE "/tests/data/nist/";

/// What a comma parts.
std::vector<std::string> cells_of(const std::string& line) {
    std::vector<std::string> cells;
    std::istringstream rest(line);
    for (std::string cell; std::getline(rest, cell, ',');) cells.push_back(cell);
    return cells;
}

std::vector<Column> read_columns(const std::string& path) {
    std::ifstream file(path);
    REQUIRE(file);
    std::string line;
    std::getline(file, line);
    std::vector<Column> columns;
    for (const std::string& name : cells_of(line)) columns.push_back({name, {}});
    while (std::getline(file, line)) {
        const std::vector<std::string> cells = cells_of(line);
        REQUIRE(cells.size() == columns.size());
        for (std::size_t i = 0; i < cells.size(); ++i) columns[i].numbers.push_back(std::stod(cells[i]));
    }
    return columns;
}

/// One problem with all rows of these columns.
Problems problem_of(const std::vector<Column>& columns) {
    Problems problems;
    problems.first_rows = {0, columns.front().numbers.size()};
    for (const Column& column : columns) problems.columns.push_back({column.name, column.numbers});
    return problems;
}

struct Certified {
    double value, standard_deviation;
};

/// A set of NIST's as tests/data/nist/sets.json has it.
struct Set {
    std::string name;
    Model model;
    Box box;
    std::vector<Certified> parameters;
    double rss;
    std::size_t degrees_of_freedom;
    std::vector<Column> columns;
};

Set set_of(const std::string& name, const nlohmann::json& entry) {
    Model model;
    model.formula = entry.at("model");
    model.response = entry.at("response");
    std::vector<Variable> variables;
    std::vector<Certified> parameters;
    for (const auto& [parameter, numbers] : entry.at("parameters").items()) {
        variables.push_back(
            {parameter, numbers.at("lower").get<double>(), numbers.at("upper").get<double>()});
        parameters.push_back({numbers.at("certified"), numbers.at("standard_deviation")});
    }
    return {name,
            model,
            Box(variables),
            parameters,
            entry.at("residual_sum_of_squares"),
            entry.at("degrees_of_freedom"),
            read_columns(folder + name + ".csv")};
}

std::vector<Set> all_sets() {
    std::ifstream file(folder + "sets.json");
    REQUIRE(file);
    std::vector<Set> sets;
    const nlohmann::json all = nlohmann::json::parse(file);
    for (const auto& [name, entry] : all.items()) sets.push_back(set_of(name, entry));
    return sets;
}

double relative_error(double number, double certified) {
    return std::abs(number / certified - 1);
}

}  // namespace

TEST_CASE("nist: fits from the box alone come to what is certified") {
    const std::vector<Set> sets = all_sets();
    REQUIRE(sets.size() == 15);
    for (const Set& set : sets) {
        INFO(set.name);
        const Fits fits = fit(set.model, set.box, problem_of(set.columns));
        REQUIRE(fits.count() == 1);
        REQUIRE(fits.dimension == set.parameters.size());
        CHECK(fits.status[0] == FitStatus::converged);
        CHECK(fits.n_used[0] == set.degrees_of_freedom + set.parameters.size());
        CHECK(relative_error(fits.rss[0], set.rss) <= 1e-8);
        for (std::size_t j = 0; j < fits.dimension; ++j) {
            INFO(set.box.coordinate_name(j) << " is " << fits.x[j] << " +- " << fits.standard_error[j]);
            CHECK(relative_error(fits.x[j], set.parameters[j].value) <= 1e-6);
            CHECK(relative_error(fits.standard_error[j], set.parameters[j].standard_deviation) <= 1e-4);
        }
    }
}
