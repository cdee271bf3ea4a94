#include "lanewise/io.hpp"

#include <unistd.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "catch.hpp"
#include "lanewise/lanewise.hpp"

using namespace lanewise;
using Catch::Matchers::EndsWith;
using Catch::Matchers::StartsWith;
using nlohmann::json;

namespace {

const Box box{{"x", -5, 5}, {"v", -1, 2, 2}};
constexpr const char* expression = "(x - 1/3)^2 + (v[0] - 3)^2 + v[1]^2";

std::filesystem::path temporary_folder() {
    auto folder = std::filesystem::temp_directory_path() / ("lanewise-test-" + std::to_string(getpid()));
    std::filesystem::create_directories(folder);
    return folder;
}

}  // namespace

TEST_CASE("JSON has the documented layout and reads back to the same numbers") {
    const Options options{.starts = 40,
                          .start_points = {{0, 0, 0}},
                          .seed = 18446744073709551615U,
                          .iterations = 400,
                          .rule = {.method = Method::rmsprop},
                          .offspring = false,
                          .prune = false};
    const Result result = minimize(expression, box, options);
    const json read = json::parse(to_json(result, box, options, expression));

    std::vector<std::string> keys;
    for (const auto& [key, value] : read.items()) keys.push_back(key);
    std::ranges::sort(keys);
    CHECK(keys == std::vector<std::string>{"audit", "best", "coverage", "lanewise", "minima", "minima_found",
                                           "options", "parts", "problem", "region", "runs", "status", "work"});
    CHECK(read["lanewise"]["version"] == std::string(version()));
    CHECK(read["lanewise"]["isa"] == std::string(isa_name(result.isa)));
    CHECK(read["lanewise"]["precision"] == "f64");
    CHECK(read["lanewise"]["threads"] == result.threads);
    CHECK(read["problem"]["expression"] == expression);
    CHECK(read["problem"]["dimension"] == 3);
    CHECK(read["problem"]["variables"][1] ==
          json({{"name", "v"}, {"length", 2}, {"lower", {-1, -1}}, {"upper", {2, 2}}}));
    CHECK(read["options"]["seed"] == 18446744073709551615U);
    CHECK(read["options"]["design"] == "sobol");
    CHECK(read["options"]["starts"] == 40);
    CHECK(read["options"]["rule"] == "rmsprop");
    CHECK(read["options"]["alpha"] == 0.05);
    CHECK(read["options"]["beta2"] == 0.9);
    CHECK(read["options"]["warm_up"] == 0);
    CHECK(read["options"]["final_alpha"] == 0);
    CHECK(read["options"]["max_time"].is_null());
    CHECK(read["status"] == "completed");
    CHECK(read["best"]["f"].get<double>() == result.best.f);
    CHECK(read["best"]["x"].get<std::vector<double>>() == result.best.x);
    CHECK(read["best"]["variables"]["x"].get<double>() == result.best.x[0]);
    CHECK(read["best"]["variables"]["v"].get<std::vector<double>>() ==
          std::vector<double>{result.best.x[1], result.best.x[2]});
    CHECK(read["best"]["start_id"] == result.best.start_id);
    CHECK(read["best"]["iteration"] == result.best.iteration);
    REQUIRE(read["minima"].size() == result.minima.size());
    CHECK(read["minima_found"] == result.minima_found);
    CHECK(read["minima"][0]["hits"] == 41);
    CHECK(read["minima"][0]["start_ids"].size() == 41);
    CHECK(read["minima"][0]["at_bound"] == json({0, 1, 0}));
    CHECK(read["minima"][0]["gradient_norm"].is_number());
    CHECK(read["runs"]["started"] == 41);
    CHECK(read["runs"]["offspring"] == 0);
    std::size_t ended = 0;
    for (const char* status : {"converged-gradient", "converged-value", "max-iterations", "merged", "pruned"})
        ended += read["runs"][status].get<std::size_t>();
    CHECK(ended == 41);
    for (const char* status : {"nan-at-start", "nan-on-the-way", "stopped"}) CHECK(read["runs"][status] == 0);
    CHECK(read["best"]["polished"] == result.best.polished);
    CHECK(read["best"]["offspring"] == false);
    CHECK(read["best"]["finished"] == true);
    CHECK(read["minima"][0]["polished"] == true);
    CHECK(read["audit"]["regret"] == 0);
    CHECK(read["coverage"]["found_once"] == 0);
    CHECK(read["coverage"]["unseen_probability"].get<double>() == *result.coverage.unseen_probability);
    CHECK(read["work"]["run_iterations"] == result.work.run_iterations);
    CHECK(read["work"]["run_iterations"] <= 41 * 400);
    CHECK(read["work"]["evaluations"] > result.work.run_iterations);
    CHECK(read["work"]["lane_occupancy"].get<double>() > 0.5);
    CHECK(read["work"]["run_iterations_per_second"].get<double>() > 0);

    const json single = json::parse(
        to_json(minimize("x^2", Box{{"x", 0, 1}}, {.start_points = {{1}}}), Box{{"x", 0, 1}}, {}));
    CHECK(single["coverage"]["unseen_probability"].is_null());
    CHECK_FALSE(single["problem"].contains("expression"));
}

TEST_CASE("the table names what a person wants to know") {
    const std::string table = to_table(minimize(expression, box, {.starts = 40}), box);
    CHECK_THAT(table, ContainsSubstring("best   f = 1"));
    CHECK_THAT(table, ContainsSubstring("x = 0.33333"));
    CHECK_THAT(table, ContainsSubstring("v = [2, "));
    CHECK_THAT(table, ContainsSubstring("minima 1 distinct"));
    CHECK_THAT(table, ContainsSubstring("(1 at a bound)"));
    CHECK_THAT(table, ContainsSubstring("runs   40 starts, "));
    CHECK_THAT(table, ContainsSubstring("run-iterations/s"));
}

namespace {

const Box pair{{"x", -5, 5}, {"y", 2, 2}};

/// A search of 100 starts whose best run ended at one of `found` minima.
Result found(std::size_t found) {
    Result result{};
    result.best = {.f = 0,
                   .x = {1, 2},
                   .start_id = 7,
                   .iteration = 3,
                   .offspring = false,
                   .polished = false,
                   .finished = true};
    result.minima = {{.f = 0,
                      .x = {1, 2},
                      .finished = true,
                      .polished = true,
                      .continuum = false,
                      .gradient_norm = 0,
                      .at_bound = {0, -1},
                      .start_ids = {7, 8},
                      .offspring = 5}};
    result.minima_found = found;
    result.runs[static_cast<std::size_t>(RunStatus::converged_gradient)] = 100;
    return result;
}

}  // namespace

TEST_CASE("the table says how likely an unseen minimum is, where that is known") {
    const auto table = [](const Coverage& coverage) {
        Result result = found(1);
        result.coverage = coverage;
        return to_table(result, pair);
    };
    CHECK_THAT(
        table({.runs = 512, .found_once = 3, .unseen_probability = 4.0 / 513}),
        ContainsSubstring("\nunseen another run comes to a new minimum with a chance of about 0.0078 (3 of "
                          "512 came to one alone)\ntime"));
    CHECK_THAT(table({.runs = 300, .found_once = 299, .unseen_probability = 300.0 / 301}),
               ContainsSubstring(" with a chance above 0.99 (299 of 300 came to one alone)\n"));
    CHECK_THAT(table({.runs = 3, .found_once = 3, .unseen_probability = {}}), !ContainsSubstring("unseen"));
    Result settled = found(3);
    settled.status = SearchStatus::settled;
    CHECK_THAT(to_table(settled, pair), StartsWith("ended  settled\n"));
}

TEST_CASE("the table tells who came to a minimum and whether it is one") {
    Result result = found(1);
    const auto row = [&] {
        const std::string table = to_table(result, pair);
        const std::size_t begin = table.find('\n', table.find("|gradient|")) + 1;
        return table.substr(begin, table.find('\n', begin) - begin);
    };
    CHECK(row() == "                 0         2          5           0  x = 1, y = 2");
    result.minima[0].at_bound = {1, -1};
    CHECK_THAT(row(), EndsWith("y = 2  (1 at a bound)"));
    result.minima[0].start_ids.clear();
    CHECK_THAT(row(), EndsWith("y = 2  (1 at a bound)"));
    result.minima[0].offspring = 0;
    CHECK_THAT(row(), EndsWith("y = 2  (1 at a bound, no run ended here)"));
    result.minima[0].polished = false;
    CHECK_THAT(row(), EndsWith("y = 2  (1 at a bound, not polished, no run ended here)"));
    result.minima[0].finished = false;
    CHECK_THAT(row(), EndsWith("y = 2  (1 at a bound, unfinished: no minimum yet, no run ended here)"));
    result.minima.clear();
    result.minima_found = 0;
    CHECK_THAT(to_table(result, pair), ContainsSubstring("minima 0 distinct\nruns"));
}

TEST_CASE("the table tells from which point of which run the best is") {
    Result result = found(1);
    const auto origin = [&](std::int64_t iteration, bool offspring, bool polished) {
        result.best.iteration = iteration;
        result.best.offspring = offspring;
        result.best.polished = polished;
        const std::string table = to_table(result, pair);
        const std::size_t begin = table.find("y = 2\n") + 13;
        return table.substr(begin, table.find('\n', begin) - begin);
    };
    CHECK(origin(3, false, false) == "iteration 3 of start 7");
    CHECK(origin(3, true, true) == "polished from iteration 3 of an offspring of start 7");
    CHECK(origin(-1, false, true) == "polished from start 7");
    CHECK(origin(-1, false, false) == "start 7");
    result.best.finished = false;
    CHECK(origin(-1, false, false) == "start 7; it is no minimum");
}

TEST_CASE("the table counts every start once, whether its turn came or not") {
    const Result few = minimize(expression, box, {.starts = 1000, .max_evaluations = 20'000});
    REQUIRE(few.status == SearchStatus::max_evaluations);
    const std::string table = to_table(few, box);
    CHECK_THAT(table, ContainsSubstring("runs   1000 starts, "));
    CHECK_THAT(table, ContainsSubstring(std::to_string(few.runs_with(RunStatus::stopped)) +
                                        " stopped or not begun"));
    CHECK_THAT(to_table(minimize("x^2", Box{{"x", -1, 1}}, {.starts = 1}), Box{{"x", -1, 1}}),
               ContainsSubstring("runs   1 start, 1 "));
}

TEST_CASE("numbers are printed so that they read back") {
    CHECK(to_text(0.1) == "0.1");
    CHECK(to_text(1.0 / 3) == "0.3333333333333333");
    CHECK(std::strtod(to_text(5e-324).c_str(), nullptr) == 5e-324);
    CHECK(std::stod(to_text(-1.7976931348623157e308)) == -1.7976931348623157e308);
}

TEST_CASE("a file is written whole or not at all") {
    const auto folder = temporary_folder();
    const auto file = folder / "result.json";
    {
        WholeFile abandoned(file);
        abandoned.write("half");
    }
    CHECK_FALSE(std::filesystem::exists(file));
    for (const char* content : {"first", "second"}) {
        WholeFile whole(file);
        whole.write(content);
        whole.commit();
        CHECK(read_file(file) == content);
    }
    CHECK(std::distance(std::filesystem::directory_iterator(folder), {}) == 1);
    {
        // Two that write in one folder at a time leave each other alone.
        WholeFile one(file);
        one.write("one");
        WholeFile other(folder / "other.json");
        other.write("other");
        one.commit();
        other.commit();
        CHECK(read_file(file) == "one");
        CHECK(read_file(folder / "other.json") == "other");
    }
    CHECK_THROWS_WITH(WholeFile(folder / "no" / "such"), ContainsSubstring("cannot write"));
    CHECK_THROWS_WITH(WholeFile(folder), ContainsSubstring("Is a directory"));
    CHECK_THROWS_WITH(read_file(folder / "nothing"), ContainsSubstring("cannot read"));
    CHECK_THROWS_WITH(read_file(folder), ContainsSubstring("cannot read"));
    WholeFile full("/dev/full");
    full.write("x");
    CHECK_THROWS_WITH(full.commit(), ContainsSubstring("cannot write /dev/full"));
    CHECK_THROWS_WITH(read_file("/dev/zero"), ContainsSubstring("cannot read /dev/zero: File too large"));
    std::filesystem::remove_all(folder);
}

TEST_CASE("a file keeps its permissions") {
    const auto folder = temporary_folder();
    const auto file = folder / "result.json";
    const auto write = [&] {
        WholeFile whole(file);
        whole.write("new");
        whole.commit();
    };
    write();
    using std::filesystem::perms;
    const perms usual = std::filesystem::status(file).permissions();
    CHECK((usual & perms::owner_all) == (perms::owner_read | perms::owner_write));
    for (const unsigned bits : {0600U, 0644U, 0666U, 0750U}) {
        std::filesystem::permissions(file, perms(bits));
        write();
        CHECK(std::filesystem::status(file).permissions() == perms(bits));
    }
    std::filesystem::remove_all(folder);
}
