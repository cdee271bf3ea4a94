// Problems as TOML.
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <functional>
#include <random>
#include <set>
#include <sstream>

#include "catch.hpp"
#include "folder.hpp"
#include "lanewise/lanewise.hpp"
#include "words.hpp"

using namespace lanewise;
using test::Folder;

namespace {

const std::string base = "expression = 'x'\n[variables]\nx = [-1, 1]\n[options]\n";

Problem with_options(const std::string& lines) {
    return parse_problem(base + lines, "folder/p.toml");
}

std::string message_of(const std::string& toml, const std::string& file = "p.toml") {
    try {
        parse_problem(toml, file);
    } catch (const std::invalid_argument& error) {
        return error.what();
    }
    return "accepted";
}

}  // namespace

TEST_CASE("a problem file has expression, variables and parameters") {
    const Problem problem = parse_problem(R"(
expression = """
# two lines
a*z^2 + x[0]*x[1] + m
"""
[variables]
z = [-1, 2.5]
x = {lower = -5, upper = 5e0, length = 2}
m.lower = 0x10
m.upper = 17
[variables.a2]
upper = 1_000
lower = 0
[parameters]
b = -1
a = 2.5
)");
    CHECK(problem.expression == "# two lines\na*z^2 + x[0]*x[1] + m\n");
    const std::vector<Box::Place> places = problem.box().variables();
    REQUIRE(places.size() == 4);
    CHECK(places[0].name == "z");
    CHECK_FALSE(places[0].length);
    CHECK(places[1].name == "x");
    CHECK(places[1].length == std::size_t{2});
    CHECK(places[2].name == "m");
    CHECK(places[3].name == "a2");
    CHECK(problem.box().lower() == std::vector<double>{-1, -5, -5, 16, 0});
    CHECK(problem.box().upper() == std::vector<double>{2.5, 5, 5, 17, 1000});
    CHECK(problem.parameters == Parameters{{"a", 2.5}, {"b", -1}});
    const Box box = problem.box();
    CHECK(evaluate(problem.objective(box), std::vector<double>{2, 3, 4, 16, 0}).f == 2.5 * 4 + 12 + 16);
    CHECK(problem.file.empty());
    CHECK(problem.options.iterations == Options{}.iterations);
    CHECK(problem.starts_file.empty());
}

TEST_CASE("every option has a key, with effect") {
    struct Case {
        const char* line;
        std::function<bool(const Problem&)> has_effect;
    };
    const std::vector<Case> cases = {
        {"starts = 12", [](const Problem& p) { return p.options.starts == std::size_t{12}; }},
        {"starts = 1e3", [](const Problem& p) { return p.options.starts == std::size_t{1000}; }},
        {"seed = 9", [](const Problem& p) { return p.options.seed == 9; }},
        {"seed = '18446744073709551615'",
         [](const Problem& p) { return p.options.seed == 18446744073709551615U; }},
        {"design = 'sobol'", [](const Problem& p) { return p.options.design == Design::sobol; }},
        {"design = 'uniform'", [](const Problem& p) { return p.options.design == Design::uniform; }},
        {"design = 'lhs'", [](const Problem& p) { return p.options.design == Design::latin_hypercube; }},
        {"start = [[0.5], [-1]]",
         [](const Problem& p) {
             return p.options.start_points == std::vector<std::vector<double>>{{0.5}, {-1}};
         }},
        {"starts-file = 's.csv'", [](const Problem& p) { return p.starts_file == "folder/s.csv"; }},
        {"starts-file = '/s.csv'", [](const Problem& p) { return p.starts_file == "/s.csv"; }},
        {"iterations = 7", [](const Problem& p) { return p.options.iterations == 7; }},
        {"batch-rows = 5", [](const Problem& p) { return p.options.batch_rows == std::size_t{5}; }},
        {"rule = 'adam'", [](const Problem& p) { return p.options.rule.method == Method::adam; }},
        {"rule = 'gradient-descent'",
         [](const Problem& p) { return p.options.rule.method == Method::gradient_descent; }},
        {"rule = 'momentum'", [](const Problem& p) { return p.options.rule.method == Method::momentum; }},
        {"rule = 'adagrad'", [](const Problem& p) { return p.options.rule.method == Method::adagrad; }},
        {"rule = 'rmsprop'", [](const Problem& p) { return p.options.rule.method == Method::rmsprop; }},
        {"rule = 'amsgrad'", [](const Problem& p) { return p.options.rule.method == Method::amsgrad; }},
        {"rule = 'adamax'", [](const Problem& p) { return p.options.rule.method == Method::adamax; }},
        {"rule = 'nadam'", [](const Problem& p) { return p.options.rule.method == Method::nadam; }},
        {"alpha = 0.25", [](const Problem& p) { return p.options.rule.alpha == 0.25; }},
        {"alpha = 1", [](const Problem& p) { return p.options.rule.alpha == 1; }},
        {"beta1 = 0", [](const Problem& p) { return p.options.rule.beta1 == 0; }},
        {"beta2 = 0.5", [](const Problem& p) { return p.options.rule.beta2 == 0.5; }},
        {"eps = 1e-12", [](const Problem& p) { return p.options.rule.eps == 1e-12; }},
        {"batch-rows = 5", [](const Problem& p) { return p.options.batch_rows == std::size_t{5}; }},
        {"schedule = 'constant'", [](const Problem& p) { return p.options.schedule == Schedule::constant; }},
        {"schedule = 'exponential'",
         [](const Problem& p) { return p.options.schedule == Schedule::exponential; }},
        {"warm-up = 2e3", [](const Problem& p) { return p.options.warm_up == 2000; }},
        {"final-alpha = 0.25", [](const Problem& p) { return p.options.final_alpha == 0.25; }},
        {"final-alpha = 0", [](const Problem& p) { return p.options.final_alpha == 0.0; }},
        {"scale = 'none'", [](const Problem& p) { return p.options.scale == Scale::none; }},
        {"explore = 3", [](const Problem& p) { return p.options.explore == 3; }},
        {"offspring = 'off'", [](const Problem& p) { return !p.options.offspring; }},
        {"offspring = false", [](const Problem& p) { return !p.options.offspring; }},
        {"polish = 'no'", [](const Problem& p) { return !p.options.polish; }},
        {"prune = 'yes'", [](const Problem& p) { return p.options.prune; }},
        {"prune = false", [](const Problem& p) { return !p.options.prune; }},
        {"maximize = 'on'", [](const Problem& p) { return p.options.maximize; }},
        {"jit = false", [](const Problem& p) { return p.options.jit == Jit::off; }},
        {"start = [['pi/2'], [-1]]",
         [](const Problem& p) {
             return p.options.start_points == std::vector<std::vector<double>>{{std::acos(0.0)}, {-1}};
         }},
        {"polish = 'off'", [](const Problem& p) { return !p.options.polish; }},
        {"prune = 'off'", [](const Problem& p) { return !p.options.prune; }},
        {"same-distance = 0.01", [](const Problem& p) { return p.options.same_distance == 0.01; }},
        {"part = '3/100'",
         [](const Problem& p) {
             return p.options.part == 3 && p.options.parts == 100 && p.fitting.part == Part{3, 100};
         }},
        {"handed = 'minima'", [](const Problem& p) { return p.output.handed == "folder/minima"; }},
        {"parts = 100", [](const Problem& p) { return p.options.parts == 100 && p.options.part == 0; }},
        {"rounds = 4", [](const Problem& p) { return p.options.rounds == 4; }},
        {"start-ids = true", [](const Problem& p) { return p.options.start_ids; }},
        {"settle = 0.01", [](const Problem& p) { return p.options.settle == 0.01; }},
        {"settle = 'off'", [](const Problem& p) { return p.options.settle == 0.0; }},
        {"settle = false", [](const Problem& p) { return p.options.settle == 0.0; }},
        {"precision = 'f32'", [](const Problem& p) { return p.options.precision == Precision::f32; }},
        {"maximize = true", [](const Problem& p) { return p.options.maximize; }},
        {"check-gradient = true", [](const Problem& p) { return p.output.check_gradient; }},
        {"dump-program = true", [](const Problem& p) { return p.output.dump_program == DumpProgram::on; }},
        {"jit = 'on'", [](const Problem& p) { return p.options.jit == Jit::on; }},
        {"threads = 3", [](const Problem& p) { return p.options.threads == 3; }},
        {"isa = 'sse2'", [](const Problem& p) { return p.options.isa == Isa::sse2; }},
        {"memory = '3K'", [](const Problem& p) { return p.options.memory == std::uint64_t{3072}; }},
        {"max-time = 1.5", [](const Problem& p) { return p.options.max_time == 1.5; }},
        {"max-evaluations = 1_000_000",
         [](const Problem& p) { return p.options.max_evaluations == std::uint64_t{1'000'000}; }},
        {"target = -3", [](const Problem& p) { return p.options.target == -3.0; }},
        {"minima = 5", [](const Problem& p) { return p.options.most_minima == 5; }},
        {"group = 'id'", [](const Problem& p) { return p.has_many() && p.fitting.group == "id"; }},
        {"problems = 'p.csv'",
         [](const Problem& p) { return p.has_many() && p.fitting.problems_file == "folder/p.csv"; }},
        {"max-steps = 7", [](const Problem& p) { return p.fitting.options.most_steps == 7; }},
        {"tolerance = 1e-3", [](const Problem& p) { return p.fitting.options.tolerance == 1e-3; }},
        {"out = 'o.csv'", [](const Problem& p) { return p.fitting.out == "folder/o.csv"; }},
        {"json = '-'", [](const Problem& p) { return p.output.json == "-"; }},
        {"json = 'r.json'", [](const Problem& p) { return p.output.json == "folder/r.json"; }},
        {"trace = 't.csv'", [](const Problem& p) { return p.output.trace == "folder/t.csv"; }},
        {"trace-runs = 4", [](const Problem& p) { return p.output.trace_runs == std::uint64_t{4}; }},
        {"checkpoint = 'c.state'", [](const Problem& p) { return p.output.checkpoint == "folder/c.state"; }},
        {"every = 2.5", [](const Problem& p) { return p.options.checkpoint_every == 2.5; }},
        {"resume = 'c.state'", [](const Problem& p) { return p.output.resume == "folder/c.state"; }},
        {"progress = 'never'", [](const Problem& p) { return p.output.progress == ShowProgress::never; }},
        {"quiet = true", [](const Problem& p) { return p.output.quiet; }},
    };
    std::string all = "\n";
    for (const auto& [line, has_effect] : cases) {
        INFO(line);
        CHECK(has_effect(with_options(line)));
        all.append(line).append("\n");
    }
    for (const std::string_view name : option_names()) {
        INFO(name);
        CHECK(all.find(std::string("\n").append(name).append(" = ")) != std::string::npos);
    }
}

TEST_CASE("the example shows every key") {
    std::istringstream lines(read_file(LANEWISE_EXAMPLES "/valley.toml"));
    std::string all;
    for (std::string line; std::getline(lines, line);) {
        const auto is_line_of = [&](std::string_view name) {
            return line.starts_with(std::string("# ").append(name).append(" = "));
        };
        const bool names_option = std::ranges::any_of(option_names(), is_line_of);
        all.append(line, names_option ? 2 : 0).append("\n");
    }
    const Problem problem = parse_problem(all, "valley.toml");
    CHECK(problem.starts_file == "starts.csv");
    CHECK(problem.options.isa == Isa::avx2);
    for (const std::string_view name : option_names()) {
        INFO(name);
        const std::size_t begin = all.find(std::string("\n").append(name).append(" = "));
        REQUIRE(begin != std::string::npos);
        const std::string line = all.substr(begin, all.find('\n', begin + 1) - begin);
        for (const std::string& word : test::words_of(name)) {
            INFO(word);
            CHECK(test::shows_word(line, word));
        }
    }
    for (const char* key : {"expression-file = ", "length = ", "[parameters]"})
        CHECK(all.find(key) != std::string::npos);
}

TEST_CASE("every option of fits has a key, with effect") {
    struct Case {
        const char* line;
        std::function<bool(const Fitting&)> has_effect;
    };
    const std::vector<Case> own = {
        {"response = 'log(y)'", [](const Fitting& f) { return f.model.response == "log(y)"; }},
        {"sigma = 's'", [](const Fitting& f) { return f.model.sigma == "s"; }},
        {"sigma = 0.25", [](const Fitting& f) { return f.model.sigma == "0.25"; }},
        {"weights = 'w'", [](const Fitting& f) { return f.model.weights == "w"; }},
        {"loss = 'soft-l1'", [](const Fitting& f) { return f.model.loss == Loss::soft_l1; }},
        {"loss-scale = 2.5", [](const Fitting& f) { return f.model.loss_scale == 2.5; }},
        {"absolute-sigma = true", [](const Fitting& f) { return f.options.absolute_sigma; }},
        {"predict = 'r.csv'", [](const Fitting& f) { return f.predict_file == "folder/r.csv"; }},
        {"confidence = 0.5", [](const Fitting& f) { return f.confidence == 0.5; }},
        {"covariance = 'on'", [](const Fitting& f) { return f.covariance; }},
        {"predictions = 'b.csv'", [](const Fitting& f) { return f.predictions == "folder/b.csv"; }},
    };
    const std::vector<Case> shared = {
        {"group = 'id'", [](const Fitting& f) { return f.group == "id"; }},
        {"problems = 'p.csv'", [](const Fitting& f) { return f.problems_file == "folder/p.csv"; }},
        {"part = '3/100'", [](const Fitting& f) { return f.part == Part{.number = 3, .of = 100}; }},
        {"max-steps = 7", [](const Fitting& f) { return f.options.most_steps == 7; }},
        {"tolerance = 1e-3", [](const Fitting& f) { return f.options.tolerance == 1e-3; }},
        {"out = '-'", [](const Fitting& f) { return f.out == "-"; }},
        {"starts = 12", [](const Fitting& f) { return f.options.starts == std::size_t{12}; }},
        {"start = [[0.5], ['-1']]",
         [](const Fitting& f) {
             return f.options.start_points == std::vector<std::vector<double>>{{0.5}, {-1}};
         }},
        {"seed = 9", [](const Fitting& f) { return f.options.seed == 9; }},
        {"iterations = 7", [](const Fitting& f) { return f.options.iterations == 7; }},
        {"rule = 'nadam'", [](const Fitting& f) { return f.options.rule.method == Method::nadam; }},
        {"alpha = 0.25", [](const Fitting& f) { return f.options.rule.alpha == 0.25; }},
        {"beta1 = 0.5", [](const Fitting& f) { return f.options.rule.beta1 == 0.5; }},
        {"beta2 = 0.5", [](const Fitting& f) { return f.options.rule.beta2 == 0.5; }},
        {"eps = 1e-5", [](const Fitting& f) { return f.options.rule.eps == 1e-5; }},
        {"precision = 'f32'", [](const Fitting& f) { return f.options.precision == Precision::f32; }},
        {"jit = 'off'", [](const Fitting& f) { return f.options.jit == Jit::off; }},
        {"threads = 3", [](const Fitting& f) { return f.options.threads == 3; }},
        {"isa = 'sse2'", [](const Fitting& f) { return f.options.isa == Isa::sse2; }},
        {"memory = '3K'", [](const Fitting& f) { return f.options.memory == std::uint64_t{3072}; }},
        {"max-time = 1.5", [](const Fitting& f) { return f.options.max_time == 1.5; }},
        {"every = 2.5", [](const Fitting& f) { return f.options.checkpoint_every == 2.5; }},
    };
    std::set<std::string> seen = {"json", "checkpoint", "resume", "progress",
                                  "quiet"};  // as those of a search
    const auto check = [&](const Case& one, const std::string& head) {
        INFO(one.line);
        CHECK(one.has_effect(parse_problem(head + one.line, "folder/p.toml").fitting));
        const std::string line = one.line;
        seen.insert(line.substr(0, line.find(' ')));
    };
    for (const Case& one : own) check(one, "expression = 'x'\n[fit]\n");
    for (const Case& one : shared) check(one, base);
    const std::vector<std::string_view> names = fit_flag_names();
    CHECK(seen == std::set<std::string>(names.begin(), names.end()));
    // What only one of the two has by default stays so.
    CHECK(with_options("starts = 3").options.iterations == Options{}.iterations);
    CHECK(with_options("starts = 3").fitting.options.iterations == FitOptions{}.iterations);
}

TEST_CASE("a problem file has data and tables") {
    const Folder folder;
    folder.file("d.csv", "t,what,y\n0,a,1\n1,b,3\n");
    folder.file("c.csv", "2\n3\n");
    const Problem problem = read_problem(folder.file("p.toml",
                                                     "expression = 'rows((y - x*c[1] - w[0]*t)^2)'\n"
                                                     "[variables]\nx = [-9, 9]\n[data]\nfile = 'd.csv'\n"
                                                     "[tables]\nc = 'c.csv'\nw = ['1/4', 1]\n"));
    CHECK(problem.all_tables() == Tables{{"c", {2, 3}}, {"w", {0.25, 1}}});
    CHECK(problem.data().rows() == 2);
    CHECK(problem.data().find("what") == nullptr);
    CHECK(evaluate(problem.objective(problem.box()), std::vector<double>{1}).f == 4 + 0.25 * 0.25);
}

TEST_CASE("the example of fits shows every key") {
    std::istringstream lines(read_file(LANEWISE_EXAMPLES "/decay.toml"));
    const std::vector<std::string_view> names = fit_flag_names();
    std::string all;
    for (std::string line; std::getline(lines, line);) {
        const bool names_option = std::ranges::any_of(names, [&](std::string_view name) {
            return line.starts_with(std::string("# ").append(name).append(" = "));
        });
        all.append(line, names_option ? 2 : 0).append("\n");
    }
    CHECK(parse_problem(all, "decay.toml").fitting.model.weights == "1/s^2");
    for (const std::string_view name : names) {
        INFO(name);
        const std::size_t begin = all.find(std::string("\n").append(name).append(" = "));
        REQUIRE(begin != std::string::npos);
        const std::string line = all.substr(begin, all.find('\n', begin + 1) - begin);
        for (const std::string& word : test::words_of(name, set_fit_option)) {
            INFO(word);
            CHECK(test::shows_word(line, word));
        }
    }
}

TEST_CASE("what a problem file gets wrong is named with its place") {
    CHECK(message_of("expression = 'x'\n\n[options]\nalpha = 0.1\nstarts = 'many'\n") ==
          "p.toml, line 5, column 10: starts must be a whole number, not a string\n"
          "  starts = 'many'\n"
          "           ^");
    CHECK_THAT(message_of("expression = '\xC3\xA4'\nlong = # \xC3\xA4"),
               ContainsSubstring("p.toml, line 2, column 8: ") &&
                   ContainsSubstring("\n  long = # \xC3\xA4\n         ^"));
    CHECK(message_of("[variables]\nx = {lower = 1, upper = 0}\n") ==
          "p.toml, line 2, column 1: variable 'x': lower bound 1 is above upper bound 0\n"
          "  x = {lower = 1, upper = 0}\n"
          "  ^");
    CHECK(message_of("\xEF\xBB\xBF"
                     "expression = 'x'  # \xC3\xA4\n\"\xC3\xA4\" = 1",
                     "")
              .starts_with("problem file, line 2, column 1: unknown key '\xC3\xA4'"));

    struct Case {
        const char* toml;
        const char* message;
    };
    const std::vector<Case> whole_files = {
        {"", "p.toml: no expression; expression or expression-file is needed"},
        {"[variables]\nx = [0, 1]", "p.toml: no expression"},
        {"expression = 'x'\nexpression-file = 'f'", "line 2, column 1: there are both expression and"},
        {"expression = 1", "line 1, column 14: expression must be a string, not a whole number"},
        {"expression-file = ''", "column 19: expression-file '': a file is expected"},
        {"expression-file = '-'",
         "column 19: expression-file '-': must be a file; a problem file does not read stdin"},
        {"expression-file = ['f']", "expression-file must be a string, not a list"},
        {"expressions = 'x'", "line 1, column 1: unknown key 'expressions'; did you mean 'expression'?"},
        {"[variable]\nx = [0, 1]", "unknown key 'variable'; did you mean 'variables'?"},
        {"goal = 'x'",
         "line 1, column 1: unknown key 'goal'; known: expression, expression-file, variables, parameters, "
         "data, tables, options, fit, tune"},
        {"loss = 'huber'", "line 1, column 1: 'loss' belongs below [fit]"},
        {"[options]\nloss = 'huber'", "line 2, column 1: 'loss' belongs below [fit]"},
        {"[fit]\nstarts = 3", "line 2, column 1: 'starts' belongs below [options]"},
        {"[fit]\ngroup = 'id'", "line 2, column 1: 'group' belongs below [options]"},
        {"[fit]\nlos = 'huber'", "unknown option 'los'; did you mean 'loss'?"},
        {"[fit]\nloss = 'hubber'",
         "line 2, column 8: loss 'hubber': must be one of: squared, huber, soft-l1, cauchy, poisson, "
         "logistic"},
        {"[fit]\nloss = 3", "loss must be a string, not a whole number"},
        {"[fit]\nsigma = ['s']", "sigma must be a string or a number, not a list"},
        {"[fit]\nresponse = ''", "response '': a formula or a name is expected"},
        {"[fit]\nconfidence = 95", "confidence '95': must be above 0 and below 1"},
        {"[options]\nproblems = '-'", "problems '-': must be a file; a problem file does not read stdin"},
        {"[fit]\npredict = '-'", "predict '-': must be a file; a problem file does not read stdin"},
        {"[data]\nfile = '-'", "file of data '-': must be a file; a problem file does not read stdin"},
        {"[data]\nfile = ''", "file of data '': a file is expected"},
        {"[data]\nfiles = 'a'", "unknown key of data 'files'; did you mean 'file'?"},
        {"[tables]\nc = 1", "table c must be a list of numbers or a file, not a whole number"},
        {"[tables]\nc = [1, '1/0']", "element 1 of table c '1/0': must be finite"},
        {"[tables]\n1c = [1]", "table '1c': a name is letters"},
        {"starts = 5", "line 1, column 1: 'starts' belongs below [options]"},
        {"[options]\ngrid = 5", "line 2, column 1: 'grid' belongs below [tune]"},
        {"[tune]\ntarget = 5", "line 2, column 1: 'target' belongs below [options]"},
        {"[tune]\nloss = 'huber'", "line 2, column 1: 'loss' belongs below [fit]"},
        {"[tune]\nlr = 5", "unknown option 'lr'; did you mean 'alpha'?"},
        {"[tune]\nalpha = 'x:1'", "line 2, column 9: vary alpha 'x:1': 'x' is not known"},
        {"[tune]\nalpha = true", "alpha must be a number, a string or a list of them, not true or false"},
        {"[tune]\nrule = ['adam', 'eve']", "line 2, column 8: vary rule 'eve': must be one of"},
        {"[tune]\nsettings = 1.5", "settings '1.5': must be a whole number"},
        {"expression = 'x'\nexpression = 'y'", "line 2, column"},
        {"expression = 'x", "line 1, column"},
        {"expression", "line 1, column"},
        {"variables = 3", "column 13: variables must be a table, not a whole number"},
        {"[[variables]]\nx = [0, 1]", "variables must be a table, not a list"},
        {"parameters = true", "parameters must be a table, not true or false"},
        {"options = 2020-01-01", "options must be a table, not a date or time"},
        {"[variables]\nx = 3", "line 2, column 5: variable x must be [LOWER, UPPER] or {lower = LOWER"},
        {"[variables]\nx = [1]", "line 2, column 5: variable x must be [LOWER, UPPER]"},
        {"[variables]\nx = [1, 2, 3]", "variable x must be [LOWER, UPPER]"},
        {"[variables]\nx = [0, true]",
         "column 9: upper of variable x must be a number or a string, not true or false"},
        {"[variables]\nx = [0, '2*q']",
         "column 12: upper of variable x '2*q': 'q' is not known; known here: e, inf, pi"},
        {"[variables]\nx = [0, '''2*q''']", "column 9: upper of variable x '2*q': 'q' is not known"},
        {"[variables]\nx = [0, '1/0']", "column 9: upper of variable x '1/0': must be finite"},
        {"[variables]\nx = [[0, 1], [2, 3]]", "variable x must be [LOWER, UPPER] or {lower = LOWER"},
        {"[variables]\nx = {lower = [0, 1], upper = [2]}", "variable 'x': 2 lower bounds but 1 upper bounds"},
        {"[variables]\nx = {lower = [0, 1], upper = 3, length = 3}", "bounds of 2 elements, but length 3"},
        {"[variables]\nx = {lower = [0, 'a'], upper = 3}",
         "element 1 of lower of variable x 'a': 'a' is not known"},
        {"[variables]\nx = {lwer = 0, upper = 3}", "unknown key of variable x 'lwer'; did you mean 'lower'?"},
        {"[variables]\nx = [-inf, 1]", "column 6: lower of variable x '-inf': must be finite"},
        {"[variables]\nx = [0, nan]", "upper of variable x 'nan': must be finite"},
        {"[variables]\nx = {lower = 0}", "column 1: variable x: both lower and upper are needed"},
        {"[variables]\nx = {lower = 0, upper = 1, size = 3}",
         "column 28: unknown key of variable x 'size'; known: lower, upper, length, log"},
        {"[variables]\nx = {lower = 0, upper = 1, length = 0}", "variable 'x': length 0"},
        {"[variables]\nx = {lower = 0, upper = 1, length = -1}",
         "column 37: length of variable x '-1': must be a whole number, 0 or above"},
        {"[variables]\nx = {lower = 0, upper = 1, length = 1.5}",
         "length of variable x '1.5': must be a whole"},
        {"[variables]\nx = {lower = 0, upper = 1, length = 10000001}", "must be at most 10000000"},
        {"[variables]\nx = {lower = -1e308, upper = 1e308}", "variable 'x': box -1e+308:1e+308 is too wide"},
        {"[variables]\n2x = [0, 1]", "column 1: variable '2x': a name is letters"},
        {"[variables]\nx = [0, 1]\nx = [0, 1]", "line 3"},
        {"[parameters]\na = 'b'",
         "line 2, column 6: parameter a 'b': 'b' is not known; known here: e, inf, pi"},
        {"[parameters]\na = inf", "parameter a 'inf': must be finite"},
        {"[parameters]\na-b = 1", "column 1: parameter 'a-b': a name is letters"},
        {"[parameters]\na = {b = 1}", "parameter a must be a number or a string, not a table"},
    };
    const std::vector<Case> options = {
        {"max_time = 1", "line 5, column 1: unknown option 'max_time'; did you mean 'max-time'?"},
        {"learning-rate = 1", "unknown option 'learning-rate'; did you mean 'alpha'?"},
        {"sigmas = 1", "unknown option 'sigmas'; known: starts, start, "},
        {"starts = 0", "line 5, column 10: starts 0: must be at least 1"},
        {"starts = -5", "starts '-5': must be a whole number, 0 or above"},
        {"starts = 1.5", "starts '1.5': must be a whole number"},
        {"starts = inf", "starts 'inf': must be finite"},
        {"starts = 5_000_000_000", "there can be at most 4294967295 in all"},
        {"starts = true", "starts must be a whole number, not true or false"},
        {"starts = [5]", "starts must be a whole number, not a list"},
        {"starts = {n = 5}", "starts must be a whole number, not a table"},
        {"starts = 2020-01-01T00:00:00Z", "starts must be a whole number, not a date or time"},
        {"[options.starts]\nn = 5", "starts must be a whole number, not a table"},
        {"seed = 99999999999999999999", "line 5, column"},
        {"seed = '99999999999999999999'", "seed '99999999999999999999': must be a whole number, 0 or above"},
        {"seed = '-1'", "seed '-1': must be a whole number"},
        {"design = 'halton'", "design 'halton': must be one of: sobol, uniform, lhs"},
        {"start = [1, 2]", "column 10: start must be a list of points, [[...], ...], not a whole number"},
        {"start = 1", "start must be a list of points, [[...], ...], not a whole number"},
        {"start = [[1, 'a']]", "column 15: a coordinate of start 'a': 'a' is not known"},
        {"start = [[1, [2]]]", "a coordinate of start must be a number or a string, not a list"},
        {"start = [[nan]]", "column 11: a coordinate of start 'nan': must be finite"},
        {"starts-file = 3", "starts-file must be a string, not a whole number"},
        {"starts-file = ''", "starts-file '': a file is expected"},
        {"iterations = 0", "iterations 0: must be 1 to 10000000"},
        {"rule = 'sgd'",
         "rule 'sgd': must be one of: adam, gradient-descent, momentum, adagrad, rmsprop, amsgrad, adamax, "
         "nadam"},
        {"alpha = 0", "column 9: alpha 0: must be finite and above 0"},
        {"alpha = nan", "alpha 'nan': must be finite"},
        {"alpha = '1'", "alpha must be a number, not a string"},
        {"beta1 = 1", "beta1 1: must be at least 0 and below 1"},
        {"beta2 = 2", "beta2 2"},
        {"eps = -1", "eps -1"},
        {"schedule = 'linear'", "schedule 'linear': must be one of: constant, cosine, exponential"},
        {"warm-up = -1", "warm-up '-1': must be a whole number"},
        {"final-alpha = 1.5", "final-alpha 1.5: must be 0 to 1"},
        {"final-alpha = -0.1", "final-alpha -0.1: must be 0 to 1"},
        {"scale = 1", "scale must be a string, not a whole number"},
        {"polish = 'perhaps'", "polish 'perhaps': must be one of: on, off"},
        {"prune = 1", "prune must be a string, or true or false, not a whole number"},
        {"jit = 'maybe'", "jit 'maybe': must be one of: off, auto, on"},
        {"precision = 'f16'", "precision 'f16': must be one of: f64, f32"},
        {"maximize = 'much'", "maximize 'much': must be one of: on, off"},
        {"threads = 0", "threads '0': must be 1 to 4096"},
        {"isa = 'mmx'", "isa 'mmx': unknown"},
        {"max-time = 0", "max-time 0: must be above 0 seconds"},
        {"max-evaluations = 1e300", "max-evaluations '1e+300': must be a whole number"},
        {"target = inf", "target 'inf': must be finite"},
        {"trace = '-'", "trace '-': must be a file"},
        {"trace-runs = 0", "trace-runs '0': must be at least 1"},
        {"progress = 'maybe'", "progress 'maybe': must be one of: auto, always, never"},
        {"quiet = 1", "quiet must be a string, or true or false, not a whole number"},
        {"alpha = 1\nalpha = 2", "line 6"},
    };
    for (const auto& [toml, message] : whole_files) {
        INFO(toml);
        CHECK_THAT(message_of(toml), ContainsSubstring(message));
    }
    for (const auto& [lines, message] : options) {
        INFO(lines);
        CHECK_THAT(message_of(base + lines), ContainsSubstring(message));
    }
}

TEST_CASE("an expression in a problem file is shown with its file") {
    const Problem problem =
        parse_problem("expression = '''\nx +\n  y^^2'''\n[variables]\nx = [0, 1]", "p.toml");
    CHECK_THROWS_WITH(problem.objective(problem.box()),
                      ContainsSubstring("p.toml: expression, line 2, column 5") &&
                          ContainsSubstring("\n    y^^2\n      ^"));
}

TEST_CASE("the files a problem names are beside it") {
    const Folder folder;
    folder.file("f.txt", "(x - 0.25)^2");
    folder.file("s.csv", "0.5\n-0.5\n");
    const auto file = folder.file("p.toml",
                                  "expression-file = 'f.txt'\n[variables]\nx = [-1, 1]\n"
                                  "[options]\nstart = [[1]]\nstarts-file = 's.csv'\niterations = 1\n");
    const Problem problem = read_problem(file);
    CHECK(problem.expression == "(x - 0.25)^2");
    const Box box = problem.box();
    CHECK(problem.search_options(box).start_points == std::vector<std::vector<double>>{{1}, {0.5}, {-0.5}});
    CHECK(minimize(problem.objective(box), box, problem.search_options(box)).best.f < 0.07);

    folder.file("f.txt", "x +");
    const Problem broken = read_problem(file);
    CHECK_THROWS_WITH(broken.objective(box), ContainsSubstring("f.txt: expression, line 1, column 4"));
    CHECK_THROWS_WITH(read_problem(folder.path()), ContainsSubstring("Is a directory"));
    CHECK_THROWS_WITH(read_problem(folder.path() / "no.toml"), ContainsSubstring("cannot read"));
    CHECK_THROWS_WITH(read_problem(folder.file("q.toml", "expression-file = 'no.txt'")),
                      ContainsSubstring("no.txt"));
}

TEST_CASE("no text makes parse_problem do anything but refuse it") {
    const auto repeat = [](const std::string& part, std::size_t times) {
        std::string text;
        for (std::size_t i = 0; i < times; ++i) text += part;
        return text;
    };
    const std::vector<std::pair<std::string, const char*>> cases = {
        {repeat("a.", 200'000) + "a = 1", "this key has too many parts"},
        {"[a" + repeat(".'a'", 100'000) + "]", "this key has too many parts"},
        {"x = " + repeat("{a.a.a.a.a.a.a.a = ", 20'000), "line 1"},
        {"x = " + repeat("[", 300'000), "line 1"},
        {"expression = '" + repeat("1+", 600'000) + "1'", "a problem file has at most 1048576"},
        {R"(x = """"""""a)" + repeat(".a", 20), "line 1"},
        {"x = \"\"\"\\\n\xCE\xB1\"\"\"", "line 2, column 1: this character cannot follow a backslash"},
        {"\xCE\xB1 = 1", "line 1, column 1: only strings and comments can have characters beyond ASCII"},
        {"x = 1\xCE\xB1", "only strings and comments"},
        {"x = 1\"\xCE\xB1\"", "only strings and comments"},
        {"x = [1[\"\xCE\xB1\"", "only strings and comments"},
        {"x=[{y=\"\xCE\xB1\"}]", "line 1, column 1: unknown key 'x'"},
        {"x = \"\xFF\"", "utf-8"},
        {"x = \"\xCE", "utf-8"},
        {repeat("'", 900'000), "line 1"},
        {std::string("x = \0", 5), "line 1"},
        {"x = _", "line 1"},
        {"[.a]", "line 1"},
        {"[", "line 1"},
        {"\"", "line 1"},
        {R"(x = "\)", "line 1"},
        {"\xEF\xBB\xBF", "no expression"},
    };
    for (const auto& [text, message] : cases) {
        INFO(text.substr(0, 60));
        CHECK_THAT(message_of(text), ContainsSubstring(message));
    }
    CHECK(parse_problem("expression = '''" + repeat("1.5+x.y.z", 1000) + "'''").expression.size() == 9000);

    const std::string valid = base +
                              "start = [[0.5], [-1]]\nseed = \"7\"  # \xC3\xA4\nmax-time = 1.5e0\n"
                              "[parameters]\na.b = { c = [1, 2] }\nd = '''x'''\n";
    std::mt19937 random(1);
    for (int i = 0; i < 5000; ++i) {
        std::string text = valid;
        for (int change = 0; change < 3; ++change) {
            const std::size_t at = random() % text.size();
            if (random() % 2 == 0) {
                text[at] = static_cast<char>(random());
            } else {
                text.insert(at, text, random() % text.size(), random() % 8);
            }
        }
        message_of(text);
    }
}

TEST_CASE("options can be set by name") {
    Problem problem;
    set_option(problem, "starts", "1e3");
    set_option(problem, "start", "1,-2.5");
    set_option(problem, "maximize", "true");
    CHECK(problem.options.starts == std::size_t{1000});
    CHECK(problem.options.start_points == std::vector<std::vector<double>>{{1, -2.5}});
    CHECK(problem.options.maximize);
    CHECK_THROWS_WITH(set_option(problem, "frobnicate", "9"),
                      ContainsSubstring("unknown option 'frobnicate'; known: starts, start, "));
    CHECK_THROWS_WITH(set_option(problem, "maximize", "aye"), ContainsSubstring("must be one of: on, off"));
}

TEST_CASE("an option that is not known is likely another") {
    struct Case {
        const char* name;
        const char* meant;
    };
    const std::vector<Case> cases = {
        {"itertions", "iterations"},
        {"iteration", "iterations"},
        {"iter", "iterations"},
        {"Seed", "seed"},
        {"sede", "seed"},
        {"start_file", "starts-file"},
        {"maxtime", "max-time"},
        {"maxTime", "max-time"},
        {"lr", "alpha"},
        {"learning_rate", "alpha"},
        {"n-starts", "starts"},
        {"max-iter", "iterations"},
        {"x0", "start"},
        {"checkpont", "checkpoint"},
        {"warmup", "warm-up"},
    };
    for (const auto& [name, meant] : cases) {
        INFO(name);
        CHECK(unknown_option(name, option_names()) ==
              std::string("unknown option '") + name + "'; did you mean '" + meant + "'?");
    }
    CHECK(unknown_option("--lr", {"--alpha", "--var"}) == "unknown option '--lr'; did you mean '--alpha'?");
    CHECK(unknown_option("--bounds", {"--alpha", "--var"}) ==
          "unknown option '--bounds'; did you mean '--var'?");
    CHECK(unknown_option("q", {"alpha", "var"}) == "unknown option 'q'; known: alpha, var");
    for (const std::string_view name : option_names()) {
        INFO(name);
        // One slip, wherever it is.
        for (std::size_t i = 0; i + 1 < name.size() && name.size() >= 6; ++i) {
            std::string swapped(name);
            std::swap(swapped[i], swapped[i + 1]);
            const std::string text = unknown_option(swapped, option_names());
            CHECK_THAT(text, ContainsSubstring("did you mean '" + std::string(name) + "'?"));
        }
    }
}

TEST_CASE("bounds and parameters of a problem file are expressions of numbers, bounds one or one for each") {
    const Problem problem = parse_problem(R"(
expression = "a*x + v[0] + w[1] + c"
[variables]
x = ["-pi", "2*pi"]
v = {lower = [0, "-1/3"], upper = 5}
w = {lower = 0, upper = [1, 2], length = 2}
[parameters]
a = "sqrt(2)/2"
c = -0.1
)");
    const double pi = std::acos(-1.0);
    CHECK(problem.box().lower() == std::vector<double>{-pi, 0, -1.0 / 3, 0, 0});
    CHECK(problem.box().upper() == std::vector<double>{2 * pi, 5, 5, 1, 2});
    CHECK(problem.parameters == Parameters{{"a", std::sqrt(2.0) / 2}, {"c", -0.1}});

    CHECK(parse_parameter("a = 1/3") == std::pair<std::string, double>{"a", 1.0 / 3});
    const auto box_of = [](const char* text) { return Box(std::vector<Variable>{parse_variable(text)}); };
    CHECK(box_of(" x = -pi : pi ").lower() == std::vector<double>{-pi});
    CHECK(box_of("x=[0:1, 2 : max(3, 5)]").upper() == std::vector<double>{1, 5});
    CHECK(box_of("x[2]=[0:1,2:5]").lower() == std::vector<double>{0, 2});
    CHECK(box_of("x [ 2 ]=0:1").dimension() == 2);
    CHECK(parse_point("at", "1/2, max(1, 2),-pi") == std::vector<double>{0.5, 2, -pi});
}
