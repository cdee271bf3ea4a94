// Problems in parts: what comes of all parts, put together, is what comes of the whole, byte for byte.
#include <algorithm>
#include <cmath>
#include <filesystem>
#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <random>
#include <string>
#include <vector>

#include "catch.hpp"
#include "folder.hpp"
#include "lanewise/lanewise.hpp"
#include "run_program.hpp"

using namespace lanewise;
using lanewise::test::Folder;
using lanewise::test::Outcome;
using lanewise::test::run;
using nlohmann::json;

namespace {

using Words = std::vector<std::string>;
using Texts = std::map<std::string, std::string>;

Words operator+(Words a, const Words& b) {
    a.insert(a.end(), b.begin(), b.end());
    return a;
}

const Box box{{"a", 0, 20}, {"k", 0, 5}};
const Model model{.formula = "c*a*exp(-k*t)", .response = "y"};
const ProblemsObjective objective{.expression = "rows((y - c*a*exp(-k*t))^2) + (a - 1)^2/100"};
const FitOptions options{.starts = std::size_t{8}};

constexpr std::size_t count = 11;

/// Keys that CSV has to quote, too.
std::string key(std::size_t problem) {
    const Words awkward = {"\"#1\"", "\"two, 2\"", "\"a\n\"\"b\"\"\"", "\",stopped\""};
    return problem < awkward.size() ? awkward[problem] : "p" + std::to_string(problem);
}

/// Rows of all groups by turns; one group has no row with a value.
std::string rows() {
    std::string text = "id,t,y\n";
    for (int i = 0; i < 9; ++i) {
        for (std::size_t p = 0; p < count; ++p) {
            if (i > 4 + static_cast<int>(p % 5)) continue;
            const double t = 0.3 * i;
            const double y = (2 + static_cast<double>(p)) * std::exp(-t / (1 + static_cast<double>(p % 3)));
            text += key(p) + "," + to_text(t) + "," +
                    (p == 5 ? "" : to_text(y + 0.1 * std::sin(7 * t + static_cast<double>(p)))) + "\n";
        }
    }
    return text;
}

/// Parameter, bounds and start of each, and of a group that no row has.
std::string lines() {
    std::string text = "id,c,k.upper,a.start,k.start\n\"no, rows\",1,,1,1\n";
    for (std::size_t p = 0; p < count; ++p)
        text += key(p) + "," + to_text(1 + 0.1 * static_cast<double>(p)) + (p % 3 == 0 ? ",0.4" : ",") + "," +
                to_text(1 + static_cast<double>(p)) + ",0.3\n";
    return text;
}

FitInput input(const std::string& group) {
    const CsvTable data(rows());
    const CsvTable problems(lines());
    return fit_input(model, box, data, {.group = group, .problems = &problems});
}

/// Of all problems where there is no part.
std::string csv_of_fits(const FitInput& input, const std::optional<Part>& part = {},
                        const FitOptions& by = options, bool with_covariance = true) {
    const Problems problems = input.problems();
    const Fits fits = fit(model, box, part ? part_of(problems, *part) : problems, by);
    return to_csv(fits,
                  {.model = model,
                   .box = box,
                   .problems = problems,
                   .options = by,
                   .group = "id",
                   .keys = input.keys,
                   .part = part},
                  with_covariance);
}

std::string csv_of_minima(const FitInput& input, const std::optional<Part>& part = {}) {
    const Problems problems = input.problems();
    const Problems worked_on = part ? part_of(problems, *part) : problems;
    return to_csv(minimize_problems(objective, box, worked_on, options), {.objective = objective,
                                                                          .box = box,
                                                                          .problems = problems,
                                                                          .options = options,
                                                                          .group = "id",
                                                                          .keys = input.keys,
                                                                          .part = part});
}

std::string name_of(std::size_t number) {
    return std::to_string(number) + ".csv";
}

/// By name.
Texts parts(std::size_t of, const std::function<std::string(const Part&)>& csv) {
    Texts texts;
    for (std::size_t number = 1; number <= of; ++number)
        texts[name_of(number)] = csv({.number = number, .of = of});
    return texts;
}

Words names_of(const Texts& texts) {
    Words names;
    for (const auto& [name, text] : texts) names.push_back(name);
    return names;
}

struct MergedCsv {
    std::string text;
    Words remarks;
};

MergedCsv merge(const Texts& texts, const Words& names, bool allow_missing = false) {
    MergedCsv merged;
    merged.remarks = merge_csv(
        names, [&](const std::string& name) { return texts.at(name); },
        [&](std::string_view text) { merged.text += text; }, allow_missing);
    return merged;
}

std::string refusal(const Texts& texts) {
    try {
        merge(texts, names_of(texts));
    } catch (const std::invalid_argument& error) {
        return error.what();
    }
    return "accepted";
}

/// Of problems without rows, with another status where one is given.
Texts small_parts(std::size_t of, std::size_t problems, const std::vector<FitStatus>& status = {},
                  const FitOptions& by = options, bool with_covariance = false) {
    std::vector<std::size_t> first_rows(problems + 1, 0);
    const Problems all{.first_rows = first_rows};
    return parts(of, [&](const Part& part) {
        const std::size_t size = part.last(problems) - part.first(problems);
        Fits fits;
        fits.dimension = 2;
        fits.status = status;
        fits.status.resize(size, FitStatus::no_rows);
        fits.x.assign(2 * size, 0.5);
        fits.standard_error = fits.x;
        fits.covariance.assign(4 * size, 0.25);
        fits.rss.assign(size, 1);
        fits.n_used.assign(size, 0);
        fits.n_left_out = fits.runs = fits.agree = fits.n_used;
        return to_csv(fits, {.model = model, .box = box, .problems = all, .options = by, .part = part},
                      with_covariance);
    });
}

}  // namespace

TEST_CASE("CSVs of parts, in any order, come to the bytes of the whole") {
    std::mt19937 random(5);
    for (const FitInput& problems : {input("id"), input("")}) {
        INFO(problems.keys.size());
        const std::string whole = csv_of_fits(problems);
        const std::string minima = csv_of_minima(problems);
        CHECK(CsvTable(whole).rows() == count + 1);
        for (const std::size_t of : {1, 2, 7, 30}) {
            INFO(of);
            const auto check = [&](const Texts& texts, const std::string& expected) {
                Words names = names_of(texts);
                std::ranges::shuffle(names, random);
                const MergedCsv merged = merge(texts, names);
                CHECK(merged.text == expected);
                CHECK(merged.remarks.empty());
            };
            check(parts(of, [&](const Part& part) { return csv_of_fits(problems, part); }), whole);
            check(parts(of, [&](const Part& part) { return csv_of_minima(problems, part); }), minima);
        }
    }
}

TEST_CASE("a part says what it is of, and reads as a table") {
    const FitInput problems = input("");
    const std::string text = csv_of_fits(problems, Part{.number = 2, .of = 5});
    CHECK_THAT(text, Catch::Matchers::StartsWith("# lanewise fit, part 2 of 5, problems 2 to 3 of 12, of "));
    CHECK(begins_csv_of_part(text));
    CHECK_FALSE(begins_csv_of_part(csv_of_fits(problems)));
    CHECK(CsvTable(text).numbers("problem") == std::vector<double>{2, 3});
    const std::string none = csv_of_minima(problems, Part{.number = 1, .of = 30});
    CHECK_THAT(none,
               Catch::Matchers::StartsWith("# lanewise minimize, part 1 of 30, no problems of 12, of "));
    CHECK(test::lines_of(none).size() == 2);
}

TEST_CASE("a part of problems has their numbers") {
    const std::vector<double> t = {0, 1, 2, 3, 4};
    const std::vector<double> y = {1, 2, 3};
    const std::vector<double> c = {7, 8, 9};
    const std::vector<double> lower = {1, 2, 3, 4, 5, 6};
    const Problems all{.first_rows = {0, 2, 2, 5},
                       .columns = {{"t", t}, {"y", y, true}},
                       .parameters = {{"c", c}},
                       .lower = lower};
    const Problems last = part_of(all, {.number = 2, .of = 2});
    CHECK(last.first_rows == std::vector<std::size_t>{0, 0, 3});
    CHECK(last.columns[0].numbers.data() == &t[2]);
    CHECK(last.columns[0].numbers.size() == 3);
    CHECK(last.columns[1].numbers.data() == y.data());
    CHECK(last.columns[1].numbers.size() == 3);
    CHECK(last.parameters[0].numbers.data() == &c[1]);
    CHECK(last.lower.data() == &lower[2]);
    CHECK(last.lower.size() == 4);
    CHECK(last.upper.empty());
    CHECK(part_of(all, {.number = 1, .of = 5}).count() == 0);
    CHECK_THROWS_WITH(part_of(all, {.number = 0, .of = 5}), "part 0 of 5: must be 1 to 5");
    Problems bad = all;
    bad.columns[0].numbers = y;
    CHECK_THROWS_WITH(part_of(bad, {.number = 1, .of = 2}), "column 't' has 3 rows, 5 are needed");
    bad = all;
    bad.lower = t;
    CHECK_THROWS_WITH(part_of(bad, {.number = 1, .of = 2}), ContainsSubstring("lower: 5 numbers"));
}

TEST_CASE("all that results depend on tells parts from those of others, and nothing else") {
    const FitInput problems = input("id");
    const auto digest = [](const std::string& csv) {
        const std::string line = csv.substr(0, csv.find('\n'));
        return line.substr(line.rfind(' '));
    };
    const auto of = [&](const FitInput& of, const FitOptions& by) {
        return digest(csv_of_fits(of, Part{.number = 1, .of = 30}, by));
    };
    const std::string usual = of(problems, options);
    CHECK(digest(csv_of_fits(problems, Part{.number = 3, .of = 7})) == usual);
    CHECK(of(problems, {.starts = std::size_t{8}, .jit = Jit::off, .threads = 1}) == usual);
    CHECK(of(problems, {.starts = std::size_t{9}}) != usual);
    CHECK(of(problems, {.starts = std::size_t{8}, .seed = 1}) != usual);
    const auto changed = [&](const std::function<void(FitInput&)>& change) {
        FitInput other = input("id");
        change(other);
        return of(other, options);
    };
    CHECK(changed([](FitInput& of) { of.columns.front().numbers.back() += 1; }) != usual);
    CHECK(changed([](FitInput& of) { of.keys.back() += "x"; }) != usual);
    CHECK(changed([](FitInput& of) { of.upper.back() = 0.3; }) != usual);
    CHECK(changed([](FitInput& of) { of.parameters.front().numbers.back() = 3; }) != usual);
    CHECK(changed([](FitInput& /*of*/) {}) == usual);
    CHECK(digest(csv_of_minima(problems, Part{.number = 1, .of = 30})) != usual);
}

TEST_CASE("files that are not the parts of one whole are refused by name") {
    const Texts usual = small_parts(5, 20);
    CHECK(refusal(usual) == "accepted");
    const auto with = [&](const std::function<void(Texts&)>& change) {
        Texts texts = usual;
        change(texts);
        return refusal(texts);
    };
    const auto replaced = [&](const Texts& others) {
        return with([&](Texts& texts) { texts["2.csv"] = others.at("2.csv"); });
    };
    CHECK(replaced(small_parts(5, 20, {}, {.seed = 1})) ==
          "2.csv: is of other problems than 1.csv: model, data, bounds, options or the version of lanewise "
          "differ");
    CHECK(replaced(small_parts(4, 20)) == "2.csv: is part 2 of 4, 1.csv is one of 5");
    CHECK(replaced(small_parts(5, 20, {}, options, true)) == "2.csv: has other columns than 1.csv");
    CHECK(with([](Texts& texts) { texts["again.csv"] = texts["3.csv"]; }) ==
          "3.csv and again.csv: both are part 3 of 5");
    CHECK(with([](Texts& texts) { texts.erase("4.csv"); }) == "part 4 of 5 is missing (problems 12 to 15)");
    CHECK(with([](Texts& texts) {
              texts.erase("1.csv");
              texts.erase("5.csv");
          }) == "part 1 of 5 is missing (problems 0 to 3), part 5 (problems 16 to 19)");
    const auto cut = [&](std::size_t bytes) {
        return with([&](Texts& texts) { texts["2.csv"].resize(texts["2.csv"].size() - bytes); });
    };
    const std::size_t size = usual.at("2.csv").size();
    const std::string row = test::lines_of(usual.at("2.csv")).back();
    CHECK(cut(1) == "2.csv: is cut off: 3 of the 4 rows of part 2 are whole");
    CHECK(cut(row.size()) == "2.csv: is cut off: 3 of the 4 rows of part 2 are whole");
    CHECK(cut(row.size() + 1) == "2.csv: is cut off: 3 of the 4 rows of part 2 are whole");
    CHECK(cut(size - usual.at("2.csv").find('\n') - 1) ==
          "2.csv: is cut off: 0 of the 4 rows of part 2 are whole");
    CHECK(cut(size) == "2.csv: is no CSV of a part");
    CHECK(with([](Texts& texts) { texts["2.csv"] += "4\n"; }) == "2.csv: has 5 rows, of which part 2 has 4");
    const Texts damages = {
        {"part 2", "part 6"}, {"problems 4", "problems 5"}, {" of 20,", " of 20, 3,"}, {"# lane", "lane"}};
    for (const auto& damage : damages) {
        INFO(damage.first);
        CHECK(with([&](Texts& texts) {
                  std::string& text = texts["2.csv"];
                  text.replace(text.find(damage.first), damage.first.size(), damage.second);
              }) == "2.csv: is no CSV of a part");
    }
    CHECK_THROWS_WITH(merge(usual, {}), "there is no CSV of a part to merge");
}

TEST_CASE("of many missing parts a dozen is told, and those without problems are none") {
    Texts texts = small_parts(40, 20);
    const std::string whole = merge(texts, names_of(texts)).text;
    for (std::size_t number = 1; number <= 40; number += 2) texts.erase(name_of(number));
    CHECK(merge(texts, names_of(texts)).text == whole);
    for (std::size_t number = 2; number <= 32; number += 2) texts.erase(name_of(number));
    const std::string missing = refusal(texts);
    CHECK_THAT(missing,
               Catch::Matchers::StartsWith("part 2 of 40 is missing (problem 0), part 4 (problem 1)"));
    CHECK_THAT(missing, Catch::Matchers::EndsWith("part 24 (problem 11) and 4 more"));
    const MergedCsv merged = merge(texts, names_of(texts), true);
    CHECK(merged.remarks == Words{missing});
    CHECK(CsvTable(merged.text).numbers("problem") == std::vector<double>{16, 17, 18, 19});
}

TEST_CASE("problems of a part that were stopped are told when it is merged") {
    const std::vector<FitStatus> stopped(3, FitStatus::stopped);
    Texts texts = small_parts(2, 6, stopped);
    CHECK_THAT(texts["1.csv"], ContainsSubstring("part 1 of 2, problems 0 to 2 of 6, 3 stopped, of "));
    texts["2.csv"] = small_parts(2, 6)["2.csv"];
    CHECK(merge(texts, names_of(texts)).remarks ==
          Words{"1.csv: 3 of its 3 problems stopped before their end"});
}

TEST_CASE("fit and minimize work on parts, and merge puts their files together") {
    const Folder folder;
    const std::string data = folder.file("d.csv", rows()).string();
    const std::string problems = folder.file("p.csv", lines()).string();
    const Words shared = {"--data", data,    "--problems", problems, "--var",   "a=0:20",
                          "--var",  "k=0:5", "--starts",   "8",      "--group", "id"};
    const Words fits = Words{"fit", model.formula, "--response", "y", "--covariance"} + shared;
    const Words minima = Words{"minimize", objective.expression} + shared;
    for (const Words& command : {fits, minima}) {
        const std::string whole = run(command + Words{"--out", "-"}).out;
        Words files;
        for (const char* number : {"3", "1", "2"}) {
            files.push_back((folder.path() / (std::string(number) + ".csv")).string());
            const Outcome outcome = run(
                command + Words{"--part", std::string(number) + "/3", "--out", files.back(), "--json", "-"});
            CHECK(outcome.code == 0);
            const json all = json::parse(outcome.out);
            CHECK(all["part"]["number"] == std::stoi(number));
            CHECK(all["part"]["of"] == 3);
        }
        const std::string out = folder / "all.csv";
        const Outcome merged = run(Words{"merge"} + files + Words{"--out", out});
        CHECK(merged.code == 0);
        CHECK((merged.out + merged.err).empty());
        CHECK(read_file(out) == whole);
        CHECK(run(Words{"merge"} + files).out == whole);
    }
    const std::string first = folder / "1.csv";
    const std::string second = folder / "2.csv";
    const Outcome incomplete = run({"merge", second, first});
    CHECK(incomplete.code == 2);
    CHECK(incomplete.out.empty());
    CHECK_THAT(incomplete.err, ContainsSubstring("part 3 of 3 is missing (problems 8 to 11)"));
    const Outcome allowed = run({"merge", second, first, "--allow-missing"});
    CHECK(allowed.code == 0);
    CHECK(CsvTable(allowed.out).rows() == 8);
    CHECK(allowed.err == incomplete.err);
    CHECK(run({"merge", second, first, "--allow-missing", "--quiet"}).err.empty());
}

TEST_CASE("a part goes on from its checkpoint, and tells numbers of the whole input") {
    const Folder folder;
    const std::string problems = folder.file("p.csv", "a\n1\n2\n3\n4\n5\n").string();
    const std::string file =
        folder
            .file("p.toml",
                  "expression = '(x^2 - a)^2 + x'\n[variables]\nx = [-9, 9]\n[options]\npart = '2/3'\n"
                  "problems = 'p.csv'\nstarts = 4\ncheckpoint = 's'\nresume = 's'\nout = '-'\n")
            .string();
    const Outcome first = run({"minimize", file, "--json", folder / "all.json"});
    CHECK(first.code == 0);
    CHECK(CsvTable(first.out).numbers("problem") == std::vector<double>{1, 2});
    const json all = json::parse(read_file(folder / "all.json"));
    CHECK(all["problems"][0]["problem"] == 1);
    CHECK(run({"minimize", file}).out == first.out);
    const Outcome other = run({"minimize", file, "--part", "3/3"});
    CHECK(other.code == 2);
    CHECK_THAT(other.err, ContainsSubstring("the checkpoint is of another fit"));
    // The table says which part it is of, and has a bound of its problem.
    const std::string bounded = folder.file("b.csv", "a,x.lower\n4,\n4,1.5\n").string();
    const Outcome table =
        run({"minimize", "(x^2 - a)^2 - 100*x", "--var", "x=-9:1.5", "--problems", bounded, "--part", "2/2"});
    CHECK_THAT(table.out, Catch::Matchers::StartsWith("part     2 of 2: problem 1 of 2\n") &&
                              ContainsSubstring("1.5  fixed\n"));
}

TEST_CASE("a part of broken problems, or of none, is written and done") {
    const Folder folder;
    const std::string problems = folder.file("p.csv", "a,x.lower\n1,\nNA,\n").string();
    const auto part = [&](const char* text) {
        return run({"minimize", "(x - a)^2", "--var", "x=0:9", "--problems", problems, "--part", text,
                    "--out", "-"});
    };
    CHECK(part("2/2").code == 0);
    CHECK(CsvTable(part("2/2").out).texts("status") == Words{"no-value"});
    CHECK(part("1/3").code == 0);
    CHECK(CsvTable(part("1/3").out).rows() == 0);
    // What is wrong with one problem is refused in every part, by its number.
    folder.file("p.csv", "a,x.lower\n1,\n2,10\n");
    CHECK_THAT(part("1/2").err, ContainsSubstring("bounds of 'x' in problem 1: "));
}

TEST_CASE("what cannot be merged or be a part is refused with exit code 2") {
    const Folder folder;
    for (const auto& [name, text] : small_parts(2, 4)) folder.file(name.c_str(), text);
    const std::string first = folder / "1.csv";
    const std::string second = folder / "2.csv";
    const std::string before = read_file(second);
    const std::string other = folder.file("other.csv", "id,a\nx,1\n").string();
    const std::string data = folder.file("d.csv", "t,y\n0,1\n1,2\n").string();
    const Words fit = {"fit", "a*t", "--data", data, "--response", "y", "--var", "a=0:9", "--part"};
    const std::vector<std::pair<Words, std::string>> cases = {
        {{"merge"}, "files is required"},
        {{"merge", other}, "other.csv: is neither a state of a part nor a CSV of one"},
        {{"merge", first, other}, "other.csv: is no CSV of a part, " + first + " is one"},
        {{"merge", first, folder / "none.csv"}, "none.csv: No such file"},
        {{"merge", first, second, "--out", second}, "2.csv': the part is read from there"},
        {{"merge", first, second, "--json", folder / "j"}, "json: is for parts of a search; these are CSVs"},
        {fit + Words{"3"}, "part '3': must be NUMBER/PARTS, like 3/100, with 1 <= NUMBER <= PARTS"},
        {fit + Words{"0/3"}, "part '0/3': must be NUMBER/PARTS"},
        {fit + Words{"4/3"}, "part '4/3': must be NUMBER/PARTS"},
        {fit + Words{"1/3/"}, "part '1/3/': must be NUMBER/PARTS"},
        {fit + Words{"1/99999999"}, "PARTS <= 10000000"},
        {fit + Words{"1/1", "--predict", data}, "part: a part has no predictions"},
    };
    for (const auto& [words, message] : cases) {
        INFO(message);
        const Outcome outcome = run(words);
        CHECK(outcome.code == 2);
        CHECK(outcome.out.empty());
        CHECK_THAT(outcome.err, ContainsSubstring(message));
    }
    CHECK(read_file(second) == before);
}
