// Fits as tables, CSV and JSON, against the fits they are of; Student's t against tables of it.
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "catch.hpp"
#include "lanewise/lanewise.hpp"
#include "student.hpp"

using namespace lanewise;
using Catch::Matchers::StartsWith;
using nlohmann::json;

namespace {

constexpr double none = std::numeric_limits<double>::quiet_NaN();
constexpr double infinity = std::numeric_limits<double>::infinity();

const Box box{{"a", 0, 10}, {"k", 0, 5}};
const Model model{.formula = "a*exp(-k*t)", .response = "y", .parameters = {{"c", 1.5}}};
const std::vector<std::string> keys = {"one, two", "3"};

Fits some_fits() {
    return {.dimension = 2,
            .status = {FitStatus::converged, FitStatus::no_rows},
            .x = {1.0 / 3, 5, none, none},
            .standard_error = {0.1, infinity, none, none},
            .covariance = {0.01, 0.25, 0.25, infinity, none, none, none, none},
            .rss = {2.5, none},
            .n_used = {7, 0},
            .n_left_out = {1, 2},
            .runs = {32, 0},
            .agree = {30, 0},
            .seconds = 0.5,
            .evaluations = 1234};
}

Fits one_fit() {
    return {.dimension = 2,
            .status = {FitStatus::converged},
            .x = {2, 5},
            .standard_error = {0.5, 0.25},
            .covariance = {0.25, 0, 0, 0.0625},
            .rss = {2.5},
            .n_used = {12},
            .n_left_out = {1},
            .runs = {32},
            .agree = {1}};
}

std::string table_of_one(const Model& fitted, const FitOptions& options, double confidence = 0.95) {
    const std::vector<double> lower = {2, none};
    const std::vector<double> upper = {2, none};
    const Problems problems{.first_rows = {0, 13}, .lower = lower, .upper = upper};
    return to_table(
        one_fit(),
        {.model = fitted, .box = box, .problems = problems, .options = options, .confidence = confidence});
}

}  // namespace

TEST_CASE("Student's t holds the share it should") {
    CHECK(student_quantile(0.95, 1) == Approx(12.706204736174694));
    CHECK(student_quantile(0.95, 10) == Approx(2.2281388519862739));
    CHECK(student_quantile(0.5, 3) == Approx(0.7648923284043444));
    CHECK(student_quantile(0.95, infinity) == Approx(1.9599639845400538));
    CHECK(student_quantile(0.95, 0) == infinity);
    CHECK(student_quantile(0.95, -2) == infinity);
}

TEST_CASE("fits as CSV read back to the same numbers") {
    const Fits fits = some_fits();
    const FitOptions options;
    const Problems problems{.first_rows = {0, 8, 10}};
    const FitsOf of{
        .model = model, .box = box, .problems = problems, .options = options, .group = "id", .keys = keys};
    const CsvTable table(to_csv(fits, of, true));
    CHECK(table.names() == std::vector<std::string>{"id", "a", "a.stderr", "k", "k.stderr", "rss", "n_used",
                                                    "n_left_out", "runs", "agree", "status", "a.a.cov",
                                                    "a.k.cov", "k.k.cov"});
    CHECK(table.texts("id") == keys);
    CHECK(table.numbers("a")[0] == 1.0 / 3);
    CHECK(std::isnan(table.numbers("a")[1]));
    CHECK(table.numbers("a.k.cov")[0] == 0.25);
    CHECK(table.numbers("k.stderr")[0] == infinity);
    CHECK(table.numbers("n_left_out") == std::vector<double>{1, 2});
    CHECK(table.texts("status") == std::vector<std::string>{"converged", "no-rows"});
    // Without keys problems have numbers.
    const CsvTable numbered(
        to_csv(fits, {.model = model, .box = box, .problems = problems, .options = options}));
    CHECK(numbered.numbers("problem") == std::vector<double>{0, 1});
    CHECK_FALSE(numbered.has("a.k.cov"));
}

TEST_CASE("predictions as CSV are in the order of the rows") {
    const FitInput rows{
        .keys = {"a", "b"}, .first_rows = {0, 1, 3}, .order = {1, 0, 2}, .columns = {{"t", {10, 20, 30}}}};
    const Prediction prediction{.value = {1, 2, 3}, .half_width = {0.5, 0.25, none}};
    CHECK(to_csv(prediction, rows, "id") ==
          "id,t,prediction,prediction.lower,prediction.upper\nb,20,2,1.75,2.25\na,10,1,0.5,1.5\nb,30,3,,\n");
    const FitInput shared{
        .first_rows = {0, 1, 2}, .order = {0}, .columns = {{"t", {10}}}, .has_shared_rows = true};
    CHECK(to_csv({.value = {1, 2}, .half_width = {0.5, 0.5}}, shared) ==
          "problem,t,prediction,prediction.lower,prediction.upper\n0,10,1,0.5,1.5\n1,10,2,1.5,2.5\n");
}

TEST_CASE("fits as JSON have the documented layout") {
    const Problems problems{.first_rows = {0, 8, 10}};
    const FitOptions options{.seed = 7};
    const json all = json::parse(to_json(
        some_fits(),
        {.model = model, .box = box, .problems = problems, .options = options, .group = "id", .keys = keys}));
    const auto keys_of = [](const json& object) {
        std::string text;
        for (const auto& [key, value] : object.items()) text += key + " ";
        return text;
    };
    CHECK(keys_of(all) == "dimension fits group lanewise model options variables work ");
    CHECK(keys_of(all["lanewise"]) == "isa precision version ");
    CHECK(keys_of(all["model"]) == "formula loss loss_scale parameters response ");
    CHECK(keys_of(all["work"]) == "evaluations seconds ");
    CHECK(keys_of(all["fits"][0]) ==
          "agree covariance key n_left_out n_used rss runs standard_error status x ");
    CHECK(all["options"]["seed"] == 7);
    CHECK(all["options"]["starts"] == nullptr);
    CHECK(all["fits"][0]["x"][0] == 1.0 / 3);
    CHECK(all["fits"][0]["covariance"] == json({{0.01, 0.25}, {0.25, nullptr}}));
    CHECK(all["fits"][1]["x"] == json({nullptr, nullptr}));
    CHECK(all["fits"][1]["status"] == "no-rows");
    CHECK(all["fits"].size() == 2);
}

TEST_CASE("the table of one fit has intervals and remarks") {
    const std::string table = table_of_one(model, {});
    CHECK_THAT(table, StartsWith("fit      converged\n"));
    // a is fixed, so that there are 11 degrees of freedom: 5 +- 0.25 * 2.201.
    CHECK_THAT(table, ContainsSubstring("4.449754        5.550246  at its upper bound\n"));
    CHECK_THAT(table, ContainsSubstring("             2               2  fixed\n"));
    CHECK_THAT(table, ContainsSubstring("95 % from"));
    CHECK_THAT(table,
               ContainsSubstring("rss      2.5  (residual standard error 0.47673, 11 degrees of freedom)\n"));
    CHECK_THAT(table, ContainsSubstring("rows     12 used, 1 left out\n"));
    CHECK_THAT(table, ContainsSubstring("runs     32, of which 1 agrees with the best\n"));
    CHECK_THAT(table_of_one(model, {}, 0.5), ContainsSubstring("50 % from"));
    // Where the scale is known the interval is that of the normal distribution.
    CHECK_THAT(table_of_one(model, {.absolute_sigma = true}), ContainsSubstring("4.510009        5.489991"));
    Model counts = model;
    counts.loss = Loss::poisson;
    CHECK_THAT(table_of_one(counts, {}),
               ContainsSubstring("4.510009") && ContainsSubstring("deviance 2.5  (11 degrees of freedom)"));
}

TEST_CASE("the table of many fits is short") {
    const std::size_t count = 1000;
    Fits fits = one_fit();
    fits.status.clear();
    fits.rss.clear();
    for (std::size_t p = 0; p < count; ++p) {
        fits.status.push_back(p % 10 == 0 ? FitStatus::max_iterations : FitStatus::converged);
        fits.rss.push_back(static_cast<double>(count - p));
    }
    fits.x.assign(2 * count, 0.5);
    fits.n_used.assign(count, 3);
    fits.n_left_out.assign(count, 1);
    fits.runs.assign(count, 16);
    fits.agree.assign(count, 15);
    fits.agree[5] = 1;
    const Problems problems{.first_rows = std::vector<std::size_t>(count + 1)};
    const FitOptions options;
    const std::string table =
        to_table(fits, {.model = model, .box = box, .problems = problems, .options = options});
    CHECK_THAT(table, StartsWith("fits     1000 problems: 900 converged, 100 max-iterations\n"));
    CHECK_THAT(table, ContainsSubstring("rss      least 1, quartiles 251, 501, 750, greatest 1000\n"));
    CHECK_THAT(table, ContainsSubstring("rows     3000 used, 1000 left out\n"));
    CHECK_THAT(table, ContainsSubstring("runs     16000; in 1 problem no other run agrees with the best\n"));
    CHECK_THAT(table, ContainsSubstring("... and 995 more\n"));
    CHECK(table.size() < 1000);
}

TEST_CASE("progress of fits is a line") {
    CHECK(to_text(FitProgress{.problems = 4, .done = 1, .runs = 16, .seconds = 2}) ==
          "[#######                       ]  25 %  1 of 4 problems  16 runs  6.0 s left");
}
