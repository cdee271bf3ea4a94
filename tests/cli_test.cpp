// The program as a user runs it.
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>
#include <thread>

#include "catch.hpp"
#include "folder.hpp"
#include "lanewise/io.hpp"
#include "lanewise/problem.hpp"
#include "run_program.hpp"
#include "words.hpp"

using lanewise::test::finish;
using lanewise::test::Folder;
using lanewise::test::lines_of;
using lanewise::test::Outcome;
using lanewise::test::run;
using lanewise::test::start;
using lanewise::test::wait_for;
using nlohmann::json;

namespace {

/// What the program leaves while it writes.
std::size_t temporary_files(const Folder& folder) {
    return static_cast<std::size_t>(std::count_if(
        std::filesystem::directory_iterator(folder.path()), {},
        [](const auto& entry) { return entry.path().filename().string().starts_with(".lanewise-"); }));
}

}  // namespace

TEST_CASE("a search with a fixed variable and an edge of values does not depend on what memory held before") {
    std::set<std::string> tables;
    for (const char* byte : {"0", "50", "165"}) {
        Outcome outcome = run({"minimize", "if(y>0.9, log(0-1), 0-y)+x", "--var", "x=0.5:0.5", "--var",
                               "y=-5:5", "--starts", "150", "--seed", "5", "--rule", "lbfgs"},
                              std::string("MALLOC_PERTURB_=") + byte + " exec \"$@\"");
        CHECK(outcome.code == 0);
        tables.insert(outcome.out.substr(0, outcome.out.find("\ntime")));
    }
    CHECK(tables.size() == 1);
}

TEST_CASE("the textbook's run, to the digit") {
    const Folder folder;
    const std::string trace = folder / "trace.csv";
    const Outcome outcome =
        run({"minimize",     "x^2+y^2",  "--var",    "x=-1:1",
             "--var",        "y=-1:1",   "--start",  "-0.165955990594852,0.4406489868843162",
             "--iterations", "60",       "--alpha",  "0.02",
             "--beta1",      "0.8",      "--scale",  "none",
             "--schedule",   "constant", "--polish", "off",
             "--trace",      trace});
    CHECK(outcome.code == 0);
    const auto lines = lines_of(lanewise::read_file(trace));
    REQUIRE(lines.size() == 61);
    CHECK(lines[0] == "start_id,iteration,f,x,y");
    const auto printed = [&](int iteration) {
        double id = 0;
        double k = 0;
        double f = 0;
        double x = 0;
        double y = 0;
        REQUIRE(std::sscanf(lines[static_cast<std::size_t>(iteration) + 1].c_str(), "%lf,%lf,%lf,%lf,%lf",
                            &id, &k, &f, &x, &y) == 5);
        CHECK(id == 0);
        CHECK(k == iteration);
        CHECK(f == Approx(x * x + y * y));
        char text[200];
        std::snprintf(text, sizeof text, ">%d f([%11.8f %11.8f]) = %.5f", iteration, x, y, f);
        return std::string(text);
    };
    CHECK(printed(0) == ">0 f([-0.14595599  0.42064899]) = 0.19825");
    CHECK(printed(50) == ">50 f([-0.00056912 -0.00321961]) = 0.00001");
    CHECK(printed(59) == ">59 f([ 0.00018407 -0.00054858]) = 0.00000");
}

TEST_CASE("minimize prints a table, or JSON alone on stdout") {
    const std::vector<std::string> arguments = {
        "minimize", "(1-x)^2 + 100*(y-x^2)^2", "--var", "x=-5:5", "--var", "y=-5:5"};
    const Outcome table = run(arguments);
    CHECK(table.code == 0);
    CHECK(table.err.empty());
    CHECK_THAT(table.out, ContainsSubstring("best   f = "));
    auto with_json = arguments;
    with_json.insert(with_json.end(),
                     {"--json", "-", "--starts", "1e3", "--seed", "4", "--design", "lhs", "--threads", "2"});
    const Outcome outcome = run(with_json);
    CHECK(outcome.code == 0);
    const json result = json::parse(outcome.out);
    CHECK(result["runs"]["started"] == 1000);
    CHECK(result["options"]["seed"] == 4);
    CHECK(result["options"]["design"] == "lhs");
    CHECK(result["best"]["x"][0].get<double>() == Approx(1).margin(1e-3));

    const Folder folder;
    const std::string file = folder / "r.json";
    auto to_file = arguments;
    to_file.insert(to_file.end(), {"--json", file, "--progress", "always"});
    const Outcome filed = run(to_file);
    CHECK(filed.code == 0);
    CHECK(json::parse(lanewise::read_file(file))["status"] == "settled");
    CHECK_THAT(filed.err, ContainsSubstring("100 %"));
    to_file.emplace_back("--quiet");
    CHECK(run(to_file).err.empty());
}

TEST_CASE("a best point that is no minimum says so") {
    std::vector<std::string> arguments = {"minimize",
                                          "sum(i, 0, 8, 100*(x[i+1] - x[i]^2)^2 + (1 - x[i])^2)",
                                          "--var",
                                          "x[10]=-5:5",
                                          "--starts",
                                          "16",
                                          "--max-evaluations",
                                          "100"};
    const Outcome cut = run(arguments);
    CHECK(cut.code == 0);
    CHECK(cut.err == "lanewise: the best point is no minimum: nothing has come to its end there\n");
    CHECK_THAT(cut.out, ContainsSubstring("; it is no minimum\n"));
    arguments.insert(arguments.end(), {"--json", "-", "--quiet"});
    const Outcome quiet = run(arguments);
    CHECK(quiet.err.empty());
    CHECK(json::parse(quiet.out)["best"]["finished"] == false);
    arguments[7] = "1000000";
    CHECK(json::parse(run(arguments).out)["best"]["finished"] == true);
}

TEST_CASE("a search settles as it is asked to") {
    const std::vector<std::string> parabola = {"minimize", "(x-1)^2", "--var", "x=-5:5", "--json", "-"};
    const auto with = [&](const std::vector<std::string>& more) {
        std::vector<std::string> arguments = parabola;
        arguments.insert(arguments.end(), more.begin(), more.end());
        return run(arguments);
    };
    const json settled = json::parse(with({}).out);
    CHECK(settled["status"] == "settled");
    CHECK(settled["options"]["settle"] == 0.03);
    CHECK(settled["runs"]["stopped"] == 0);
    const json whole = json::parse(with({"--settle", "off"}).out);
    CHECK(whole["status"] == "completed");
    CHECK(whole["options"]["settle"] == "off");
    CHECK(whole["runs"]["started"] == 4096);
    CHECK(json::parse(with({"--starts", "100"}).out)["options"]["settle"] == "off");
    CHECK(with({"--settle", "2"}).err == "lanewise: settle 2: must be above 0 and below 1, or off\n");
    CHECK_THAT(with({"--max-unseen", "0.1"}).err, ContainsSubstring("did you mean '--settle'?"));
}

TEST_CASE("evaluate prints value and gradient") {
    const Outcome outcome = run({"evaluate", "-a*x^2*y[1]", "--var", "x=-1:1", "--var", "y[2]=0:9", "--param",
                                 "a=2", "--at", "-.5,1,3", "--json", "-"});
    CHECK(outcome.code == 0);
    CHECK(json::parse(outcome.out) ==
          json({{"f", -1.5}, {"gradient", {6.0, 0.0, -0.5}}, {"x", {-0.5, 1.0, 3.0}}}));
    const Outcome table = run({"evaluate", "x^2", "--var", "x=-1:1", "--at", "0.5"});
    CHECK(table.out == "f = 0.25\ndf/dx = 1\n");
    CHECK(run({"evaluate", "log(x)", "--var", "x=-1:1", "--at=-0.5"}).code == 3);
    CHECK_THAT(run({"evaluate", "1e308*x^2", "--var", "x=-1:1", "--at", "1"}).err,
               ContainsSubstring("the derivative by x at this point is inf"));
}

TEST_CASE("evaluate takes many points and writes them so that they can be read again") {
    const Folder folder;
    const std::string points = folder / "points.csv";
    std::ofstream(points) << "name;y;x\na;2;0.25\nb;1;-1\nc;3;0\nd;0.5;4\n";
    const std::vector<std::string> objective = {"evaluate", "sqrt(x)*log(y)", "--var",
                                                "x=0:9",    "--var",          "y=0:9"};
    const auto with = [&](std::vector<std::string> more) {
        more.insert(more.begin(), objective.begin(), objective.end());
        return run(more);
    };
    const Outcome csv = with({"--at-file", points});
    CHECK(csv.code == 0);
    CHECK(csv.err.empty());
    const auto lines = lines_of(csv.out);
    REQUIRE(lines.size() == 5);
    CHECK(lines[0] == "f,x,y,df/dx,df/dy,status");
    CHECK(lines[1] == "0.34657359027997264,0.25,2,0.6931471805599453,0.25,finite");
    CHECK(lines[2] == ",-1,1,,,f-not-finite");
    CHECK(lines[3] == "0,0,3,0,0,finite");

    const std::string again = folder / "again.csv";
    std::ofstream(again) << csv.out;
    CHECK(with({"--at-file", again}).out == csv.out);
    CHECK(json::parse(run({"minimize", "x + y", "--var", "x=-1:9", "--var", "y=0:9", "--starts-file", again,
                           "--json", "-"})
                          .out)["options"]["start_points"] ==
          json({{0.25, 2.0}, {-1.0, 1.0}, {0.0, 3.0}, {4.0, 0.5}}));

    const json list = json::parse(with({"--at-file", points, "--json", "-"}).out);
    REQUIRE(list.size() == 4);
    CHECK(list[1] == json({{"f", nullptr},
                           {"gradient", {nullptr, nullptr}},
                           {"x", {-1.0, 1.0}},
                           {"status", "f-not-finite"}}));
    CHECK(list[0]["f"] == json::parse(with({"--at", "1/4,2", "--json", "-"}).out)["f"]);
    CHECK(list[0]["gradient"][0] == 0.6931471805599453);

    const std::string file = folder / "r.json";
    CHECK(with({"--at-file", points, "--json", file}).out == csv.out);
    CHECK(json::parse(lanewise::read_file(file)) == list);
    std::ofstream(folder / "steep.csv") << "x\n1\n2\n-1\n";
    const auto steep =
        lines_of(run({"evaluate", "exp(709*x)", "--var", "x=0:9", "--at-file", folder / "steep.csv"}).out);
    REQUIRE(steep.size() == 4);
    CHECK_THAT(steep[1], ContainsSubstring("e+307,1,,gradient-not-finite"));
    CHECK(steep[2] == ",2,,f-not-finite");
    CHECK_THAT(steep[3], ContainsSubstring(",-1,") && ContainsSubstring(",finite"));

    const Outcome none =
        run({"evaluate", "log(-x^2 - 1)", "--var", "x=0:9", "--at-file", points, "--json", folder / "none"});
    CHECK(none.code == 3);
    CHECK(none.out.empty());
    CHECK_THAT(none.err, ContainsSubstring("not finite at any of the 4 points"));
    CHECK_FALSE(std::filesystem::exists(folder / "none"));
    const Outcome wrong = run({"evaluate", "z", "--var", "z=0:9", "--at-file", points});
    CHECK(wrong.code == 2);
    CHECK_THAT(wrong.err, ContainsSubstring("at-file " + points +
                                            ", line 1: no column 'z'; the columns, separated by "
                                            "';', are 'name', 'y', 'x'"));
}

TEST_CASE("what follows -- is no option, whatever it begins with") {
    const auto best = [](std::vector<std::string> arguments) {
        arguments.insert(arguments.begin(), {"minimize", "--var", "x=-1:2", "--starts", "20", "--json", "-"});
        const Outcome outcome = run(arguments);
        INFO(outcome.err);
        REQUIRE(outcome.code == 0);
        return json::parse(outcome.out)["best"]["f"].get<double>();
    };
    CHECK(best({"--", "-x^2"}) == -4);
    CHECK(best({"--", "--x^2"}) == 0);
    CHECK(best({"--", "x"}) == -1);
    CHECK(best({"-x^2"}) == -4);
    CHECK(run({"evaluate", "--at", "-2", "--var", "x=-3:3", "--", "-h*x", "--param"}).code == 2);
    CHECK(run({"evaluate", "--at", "-2", "--var", "x=-3:3", "--param", "h=3", "--", "-h*x"}).out ==
          "f = 6\ndf/dx = -3\n");
}

TEST_CASE("on and off have other words, and files of problems any case") {
    const Folder folder;
    const std::string file = folder / "P.Toml";
    std::ofstream(file)
        << "expression = 'x^2'\n[variables]\nx = [-1, 'pi']\n[options]\npolish = false\nstarts = 20\n";
    const auto options = [&](std::vector<std::string> more) {
        more.insert(more.begin(), {"minimize", file, "--json", "-"});
        const Outcome outcome = run(more);
        INFO(outcome.err);
        REQUIRE(outcome.code == 0);
        return json::parse(outcome.out)["options"];
    };
    CHECK(options({})["polish"] == "off");
    CHECK(options({"--polish=true"})["polish"] == "on");
    CHECK(options({"--polish", "yes", "--prune", "no", "--offspring=false"})["offspring"] == "off");
    CHECK(options({"--jit", "no"})["jit"] == "off");
    CHECK(options({"--maximize=no"})["maximize"] == false);
    CHECK(options({"--maximize"})["maximize"] == true);
}

TEST_CASE("profile searches and says where the time went") {
    const Folder folder;
    const std::string file = folder / "t.json";
    const Outcome outcome = run({"profile", "x^2 + exp(y)", "--var", "x=-1:1", "--var", "y=-1:1", "--starts",
                                 "100", "--jit", "off", "--timeline", file});
    CHECK(outcome.code == 0);
    for (const char* part : {"best   f = 0.36787944117144233", "\n  iterate ", "\n    evaluate ", "\n  wait ",
                             "GFLOP/s", "1 exp", "\nlimit  ", "\nlanes  "})
        CHECK_THAT(outcome.out, ContainsSubstring(part));
    CHECK(json::parse(lanewise::read_file(file))["traceEvents"].size() > 10);
    CHECK(run({"minimize", "x", "--var", "x=0:1", "--timeline", file}).code == 2);

    // Of what was left to do alone, which here is nothing.
    const std::string saved = folder / "saved";
    CHECK(run({"minimize", "x^2", "--var", "x=-1:1", "--starts", "20", "--checkpoint", saved}).code == 0);
    const Outcome resumed = run({"profile", "x^2", "--var", "x=-1:1", "--starts", "20", "--resume", saved});
    CHECK(resumed.code == 0);
    CHECK_THAT(resumed.out, ContainsSubstring("\nlanes  ") && !ContainsSubstring("\nlimit  "));
}

TEST_CASE("info lists versions and instruction sets") {
    const Outcome outcome = run({"info"});
    CHECK(outcome.code == 0);
    for (const char* part : {"lanewise ", "instruction sets:", "used", "threads: ", "xsimd", "SLEEF"})
        CHECK_THAT(outcome.out, ContainsSubstring(part));
    CHECK(run({"--version"}).code == 0);
    const Outcome help = run({"--help"});
    CHECK(help.code == 0);
    CHECK_THAT(help.out, ContainsSubstring("minimize") && ContainsSubstring("evaluate"));
    const Outcome nothing = run({});
    CHECK(nothing.code == 0);
    CHECK(nothing.out == help.out);
    CHECK(nothing.err.empty());
    CHECK(run({}, "exec \"$@\" >/dev/full").code == 2);
    CHECK_THAT(run({"minimize", "--help"}).out, ContainsSubstring("--max-evaluations"));
}

TEST_CASE("an expression can come from a file, starts from CSV") {
    const Folder folder;
    const std::string expression = folder / "f.txt";
    const std::string starts = folder / "starts.csv";
    std::ofstream(expression) << "# a bowl\nx^2 +\n  y^2\n";
    std::ofstream(starts) << "x,y\n0.5,0.5\n-0.5,0.25\n";
    const Outcome outcome = run({"minimize", "@" + expression, "--var", "x=-1:1", "--var", "y=-1:1",
                                 "--starts-file", starts, "--start", "1,1", "--json", "-"});
    CHECK(outcome.code == 0);
    CHECK(json::parse(outcome.out)["runs"]["started"] == 3);
    std::ofstream(expression) << "x^2 +\n  y^^2\n";
    const Outcome bad = run({"minimize", "@" + expression, "--var", "x=-1:1", "--var", "y=-1:1"});
    CHECK(bad.code == 2);
    CHECK_THAT(bad.err, ContainsSubstring("line 2, column 5"));
    CHECK_THAT(bad.err, ContainsSubstring("    y^^2\n      ^"));
}

TEST_CASE("an expression can come from stdin, as it can from a file") {
    const Folder folder;
    const std::string file = folder / "f.txt";
    const std::string points = folder / "points.csv";
    std::ofstream(file) << "# a bowl\nsum(i, 0, n(x)-1,\n  r = x[i] - 1;\n  r^2)\n";
    std::ofstream(points) << "0,1\n1,3\n";
    const auto with = [&](std::vector<std::string> more, const std::string& script) {
        more.insert(more.begin() + 1, {"--var", "x[2]=-3:3"});
        return run(more, script);
    };
    const std::string piped = "cat " + file + " | \"$@\"";
    const std::string redirected = "exec \"$@\" <" + file;
    const std::vector<std::vector<std::string>> commands = {
        {"minimize", "@-", "--starts", "20", "--iterations", "50", "--jit", "off"},
        {"minimize", "@-", "--dump-program"},
        {"minimize", "@-", "--starts-file", points},
        {"evaluate", "@-", "--at", "2,3"},
        {"evaluate", "@-", "--at-file", points}};
    for (const auto& command : commands) {
        auto from_file = command;
        from_file[1] = "@" + file;
        INFO(command[0] << " " << command[2]);
        const Outcome expected = with(from_file, "exec \"$@\" </dev/null");
        const auto but_the_time = [](const std::string& text) { return text.substr(0, text.find("\ntime")); };
        for (const std::string& script : {piped, redirected}) {
            const Outcome outcome = with(command, script);
            CHECK(outcome.code == 0);
            CHECK(outcome.err == expected.err);
            CHECK(but_the_time(outcome.out) == but_the_time(expected.out));
        }
    }
    const Outcome profiled = with({"profile", "@-", "--starts", "20", "--jit", "off"}, piped);
    CHECK(profiled.code == 0);
    CHECK_THAT(profiled.out, ContainsSubstring("\nlanes  "));

    const auto error_of = [&](const std::vector<std::string>& command, const std::string& script) {
        const Outcome outcome = with(command, script);
        CHECK(outcome.code == 2);
        CHECK(outcome.out.empty());
        return outcome.err;
    };
    const std::vector<std::string> minimize = {"minimize", "@-"};
    CHECK_THAT(error_of(minimize, "printf 'x[0] +\n y' | \"$@\""),
               ContainsSubstring("lanewise: stdin: expression, line 2, column 2: 'y' is not known"));
    for (const char* empty : {"exec \"$@\" </dev/null", "true | \"$@\""})
        CHECK_THAT(error_of(minimize, empty),
                   ContainsSubstring("stdin: expression, line 1, column 1: the expression is empty"));
    CHECK_THAT(error_of(minimize, "exec \"$@\" </"), ContainsSubstring("cannot read stdin: Is a directory"));
    CHECK_THAT(error_of(minimize, "exec \"$@\" <&-"), ContainsSubstring("cannot read stdin: "));
    CHECK_THAT(error_of({"minimize", "@"}, redirected),
               ContainsSubstring("expression '@': a file is expected, or - for stdin"));
    // What it is read from is not written over.
    CHECK_THAT(error_of({"minimize", "@-", "--json", file}, redirected),
               ContainsSubstring("json '" + file + "': the expression is read from there"));
    CHECK_THAT(lanewise::read_file(file), ContainsSubstring("# a bowl"));
}

TEST_CASE("points can come from stdin, and only one input does") {
    const Folder folder;
    const std::string points = folder / "points.csv";
    const std::string problem = folder / "p.toml";
    std::ofstream(points) << "0.5\n-0.5\n";
    const std::string piped = "cat " + points + " | \"$@\"";
    const std::vector<std::string> evaluate = {"evaluate", "x^2", "--var", "x=-1:1", "--at-file"};
    const auto with = [](std::vector<std::string> arguments, const std::string& last) {
        arguments.push_back(last);
        return arguments;
    };
    CHECK(run(with(evaluate, "-"), piped).out == run(with(evaluate, points)).out);
    const Outcome started =
        run({"minimize", "x^2", "--var", "x=-1:1", "--starts-file", "-", "--json", "-"}, piped);
    CHECK(json::parse(started.out)["options"]["start_points"] == json({{0.5}, {-0.5}}));
    CHECK_THAT(run(with(evaluate, "-"), "echo a | \"$@\"").err, ContainsSubstring("at-file stdin, line 1: "));
    CHECK_THAT(run({"minimize", "x", "--var", "x=0:1", "--starts-file", "-"}, "echo 2,3 | \"$@\"").err,
               ContainsSubstring("starts file stdin, line 1: 2 numbers"));

    for (const char* expression : {"@-", "@/dev/stdin"}) {
        for (const char* other : {"-", "/dev/stdin"}) {
            INFO(expression << " " << other);
            const Outcome at = run({"evaluate", expression, "--var", "x=-1:1", "--at-file", other}, piped);
            CHECK(at.code == 2);
            CHECK(at.err ==
                  std::string("lanewise: at-file '") + other + "': the expression is read from stdin, too\n");
            for (const char* command : {"minimize", "profile"}) {
                const Outcome starts =
                    run({command, expression, "--var", "x=-1:1", "--starts-file", other}, piped);
                CHECK(starts.code == 2);
                CHECK(starts.err == std::string("lanewise: starts-file '") + other +
                                        "': the expression is read from stdin, too\n");
            }
        }
    }
    const auto refused = [&](const char* toml, const std::string& message) {
        std::ofstream(problem) << toml;
        const Outcome outcome = run({"minimize", problem}, piped);
        CHECK(outcome.code == 2);
        CHECK_THAT(outcome.err, ContainsSubstring(message));
    };
    refused("expression-file = '-'\n[variables]\nx = [0, 1]",
            "line 1, column 19: expression-file '-': must be a file; a problem file does not read stdin");
    refused("expression = 'x'\n[variables]\nx = [0, 1]\n[options]\nstarts-file = '-'",
            "line 5, column 15: starts-file '-': must be a file; a problem file does not read stdin");
}

TEST_CASE("bad input is refused with exit code 2 and a message that names it") {
    struct Case {
        std::vector<std::string> arguments;
        const char* message;
    };
    const std::string var = "x=-1:1";
    const std::vector<Case> cases = {
        {{"minimize", "x", "--var", var, "--memory", "10K"},
         "memory '10240': 4096 starts in 1 variables take at least"},
        {{"minimize", "x", "--var", var, "--memory", "99999999999G"}, "memory '99999999999G': is more than"},
        {{"minimise"},
         "command 'minimise': must be one of: minimize, fit, profile, minima, merge, tune, evaluate, info"},
        {{"tune", "x", "--var", var, "--vary", "alpha"}, "vary 'alpha': is not NAME=LO:HI or NAME=V,V,..."},
        {{"tune", "x", "--var", var, "--vary", "lr=1"}, "vary: unknown option 'lr'; did you mean 'alpha'?"},
        {{"tune", "x", "--var", var, "--vary", "alpha=1:2:3"}, "vary alpha"},
        {{"tune", "x", "--var", var, "--vary", "alpha=2:1"}, "vary alpha 2:1: must be finite, and rise"},
        {{"tune", "x", "--var", var, "--vary", "rule=adam,adamm"}, "vary rule 'adamm': must be one of: adam"},
        {{"tune", "x", "--var", var, "--vary", "iterations=1.5"}, "must be a whole number"},
        {{"tune", "x", "--var", var, "--settings", "3", "--grid", "3"},
         "settings 3: either settings or grid"},
        {{"tune", "x", "--var", var, "--rule", "lbfgs"}, "rule lbfgs: has no settings"},
        {{"tune", "x", "--var", var, "--csv", "same", "--json", "same"}, "same"},
        {{"minimize", "x", "--var", var, "--frobnicate"},
         "unknown option '--frobnicate'; known: --help, --var, "},
        {{"minimize", "x", "--bounds", var}, "unknown option '--bounds'; did you mean '--var'?"},
        {{"minimize", "x", "--var", var, "--start-file", "f"}, "did you mean '--starts-file'?"},
        {{"minimize", "x", "--var", var, "--maxtime=3"},
         "unknown option '--maxtime'; did you mean '--max-time'?"},
        {{"minimize", "x", "--var", var, "--itertions", "9"}, "did you mean '--iterations'?"},
        {{"profile", "x", "--var", var, "--lr", "9"}, "unknown option '--lr'; did you mean '--alpha'?"},
        {{"minimize", "x", "--var", var, "-starts", "9"},
         "unknown option '-starts'; did you mean '--starts'?"},
        {{"minima", "x", "--minma", "9"}, "did you mean '--minima'?"},
        {{"minima", "x", "--starts", "9"}, "unknown option '--starts'; known: --help, --same-distance"},
        {{"evaluate", "x", "--var", var, "--att", "9"}, "unknown option '--att'; did you mean '--at'?"},
        {{"--verson"}, "unknown option '--verson'; did you mean '--version'?"},
        {{"minimize", "x", "+", "1", "--var", var},
         "argument '+': is one too many; an expression with blanks"},
        {{"minimize", "--var", var, "--", "-x", "-y"}, "argument '-y': is one too many"},
        {{"minimize", "x"}, "--var"},
        {{"minimize", "--var", var}, "expression"},
        {{"minimize", "x", "--var", "x"}, "var 'x': is not NAME=LO:HI"},
        {{"minimize", "x", "--var", "x=1"}, "var 'x=1': is not NAME=LO:HI"},
        {{"minimize", "x", "--var", "x=1:0"}, "variable 'x': lower bound 1 is above upper bound 0"},
        {{"minimize", "x", "--var", "x=0:inf"}, "bound of var x 'inf': must be finite"},
        {{"minimize", "x", "--var", "x=nan:1"}, "bound of var x, line 1, column 3: 'nan' is not known"},
        {{"minimize", "x", "--var", "x=a:1"},
         "bound of var x, line 1, column 3: 'a' is not known; known here: e, inf, pi\n  x=a:1\n    ^"},
        {{"minimize", "x", "--var", "x=0:1/0"}, "bound of var x '1/0': must be finite"},
        {{"minimize", "x", "--var", "x=[0:1,2]"},
         "var 'x=[0:1,2]': is not NAME=LO:HI, NAME[LENGTH]=LO:HI or"},
        {{"minimize", "x", "--var", "x=[0:1"}, "var 'x=[0:1': is not NAME=LO:HI"},
        {{"minimize", "x", "--var", "x=0:1:2"}, "var 'x=0:1:2': is not NAME=LO:HI"},
        {{"minimize", "x", "--var", "x[3]=[0:1,2:5]"}, "variable 'x': bounds of 2 elements, but length 3"},
        {{"minimize", "x", "--var", "x=[0:1,5:2]"}, "variable 'x[1]': lower bound 5 is above upper bound 2"},
        {{"minimize", "x", "--var", "x="}, "var 'x='"},
        {{"minimize", "x", "--var", "x=:"}, "bound of var x, line 1, column 3: the expression is empty"},
        {{"minimize", "x", "--var", "x[0]=0:1"}, "variable 'x': length 0"},
        {{"minimize", "x", "--var", "x[=0:1"}, "var 'x[=0:1'"},
        {{"minimize", "x", "--var", "x[a]=0:1"}, "length of var 'a': is not a number"},
        {{"minimize", "x", "--var", var, "--var", var}, "variable 'x' is given twice"},
        {{"minimize", "x + z", "--var", var}, "'z' is not known; known here: x"},
        {{"minimize", "x +", "--var", var}, "column 4"},
        {{"minimize", "", "--var", var}, "the expression is empty"},
        {{"minimize", "@/no/such/file", "--var", var}, "cannot read /no/such/file"},
        {{"minimize", "x", "--var", var, "--starts", "0"}, "starts 0: must be at least 1"},
        {{"minimize", "x", "--var", var, "--starts", "-5"}, "starts '-5': must be a whole number"},
        {{"minimize", "x", "--var", var, "--starts", "1.5"}, "starts '1.5': must be a whole number"},
        {{"minimize", "x", "--var", var, "--starts", "many"}, "starts 'many': is not a number"},
        {{"minimize", "x", "--var", var, "--starts", "5", "--starts", "6"}, "--starts"},
        {{"minimize", "x", "--var", var, "--iterations", "0"}, "iterations 0: must be 1 to 10000000"},
        {{"minimize", "x", "--var", var, "--alpha", "nan"}, "alpha 'nan': must be finite"},
        {{"minimize", "x", "--var", var, "--alpha", "0"}, "alpha 0: must be finite and above 0"},
        {{"minimize", "x", "--var", var, "--beta1", "1"}, "beta1 1: must be at least 0 and below 1"},
        {{"minimize", "x", "--var", var, "--beta2", "2"}, "beta2 2"},
        {{"minimize", "x", "--var", var, "--eps", "-1"}, "eps -1"},
        {{"minimize", "x", "--var", var, "--schedule", "linear"},
         "schedule 'linear': must be one of: constant, cosine, exponential"},
        {{"minimize", "x", "--var", var, "--warm-up", "30", "--iterations", "20"},
         "warm-up 30: must be at most the 20 iterations"},
        {{"minimize", "x", "--var", var, "--final-alpha", "0", "--schedule", "exponential"},
         "final-alpha 0: must be above 0 for an exponential schedule"},
        {{"minimize", "x", "--var", var, "--scale", "big"}, "scale 'big': must be one of: box, none"},
        {{"minimize", "x", "--var", var, "--precision", "f16"}, "precision 'f16': must be one of: f64, f32"},
        {{"minimize", "x", "--var", var, "--design", "halton"},
         "design 'halton': must be one of: sobol, uniform, lhs"},
        {{"minimize", "x[0]", "--var", "x[4000]=-1:1", "--design", "sobol"},
         "design sobol: the box has 4000 coordinates; there can be at most 3667"},
        {{"minimize", "x", "--var", var, "--polish", "some"}, "polish 'some': must be one of: on, off"},
        {{"minimize", "x", "--var", var, "--prune", "some"}, "prune 'some': must be one of: on, off"},
        {{"minimize", "x", "--var", var, "--rule", "sgd"},
         "rule 'sgd': must be one of: adam, gradient-descent, momentum"},
        {{"minimize", "x", "--var", var, "--threads", "0"}, "threads '0': must be 1 to 4096"},
        {{"minimize", "x", "--var", var, "--isa", "mmx"}, "isa 'mmx': unknown"},
        {{"minimize", "x", "--var", var, "--max-time", "0"}, "max-time 0: must be above 0 seconds"},
        {{"minimize", "x", "--var", var, "--max-time", "inf"}, "max-time 'inf': must be finite"},
        {{"minimize", "x", "--var", var, "--max-evaluations", "0"}, "max-evaluations 0: must be at least 1"},
        {{"minimize", "x", "--var", var, "--target", "nan"}, "target 'nan': must be finite"},
        {{"minimize", "x", "--var", var, "--start", "0.5,0.5"}, "start 0 has 2 coordinates; the box has 1"},
        {{"minimize", "x", "--var", var, "--start", "2"}, "start 0: x = 2 is outside the box -1:1"},
        {{"minimize", "x", "--var", var, "--start", "a"}, "start, line 1, column 1: 'a' is not known"},
        {{"minimize", "x", "--var", var, "--start", "0, b"}, "start, line 1, column 4: 'b' is not known"},
        {{"minimize", "x", "--var", var, "--start", ""}, "start, line 1, column 1: the expression is empty"},
        {{"minimize", "x", "--var", var, "--starts-file", "/no/such"}, "cannot read /no/such"},
        {{"minimize", "x", "--var", var, "--param", "a"}, "param 'a': is not NAME=VALUE"},
        {{"minimize", "x", "--var", var, "--param", "a=inf"}, "param a 'inf': must be finite"},
        {{"minimize", "x", "--var", var, "--param", "a=2*x"}, "param a, line 1, column 5: 'x' is not known"},
        {{"minimize", "x", "--var", var, "--param", "x=1"}, "parameter 'x' is also a variable"},
        {{"minimize", "x", "--var", var, "--trace-runs", "3"}, "trace-runs"},
        {{"minimize", "x", "--var", var, "--rule", "lbfgs", "--trace", "t.csv"}, "trace: only the steps"},
        {{"minimize", "x", "--var", var, "--trace", "/no/such/t.csv"}, "cannot write /no/such/t.csv"},
        {{"minimize", "x", "--var", var, "--json", "/no/such/r.json"}, "cannot write /no/such/r.json"},
        {{"minimize", "x", "--var", var, "--progress", "maybe"},
         "progress 'maybe': must be one of: auto, always, never"},
        {{"evaluate", "x", "--var", var, "--at", "1,2"}, "at '1,2': 2 coordinates; the box has 1"},
        {{"evaluate", "x", "--var", var, "--at", "nan"}, "at, line 1, column 1: 'nan' is not known"},
        {{"evaluate", "x", "--var", var, "--at", "1/0"}, "at '1/0': must be finite"},
        {{"evaluate", "x", "--var", var}, "either --at V,V,... or --at-file F.csv is needed"},
        {{"evaluate", "x", "--var", var, "--at", "1", "--at-file", "f"}, "either --at V,V,... or --at-file"},
        {{"evaluate", "x", "--var", var, "--at-file", "/no/such"}, "cannot read /no/such"},
    };
    for (const auto& [arguments, message] : cases) {
        std::string line;
        for (const std::string& argument : arguments) line += argument + " ";
        INFO(line);
        const Outcome outcome = run(arguments);
        CHECK(outcome.code == 2);
        CHECK(outcome.out.empty());
        CHECK_THAT(outcome.err, ContainsSubstring(message));
    }
}

TEST_CASE("a gradient is checked before the search when asked") {
    std::vector<std::string> right = {"minimize",        "x^2 + abs(y)",
                                      "--var",           "x=-1:1",
                                      "--var",           "y=-1:1",
                                      "--starts",        "16",
                                      "--iterations",    "5",
                                      "--json",          "-",
                                      "--seed",          "3",
                                      "--check-gradient"};
    const Outcome passed = run(right);
    CHECK(passed.code == 0);
    CHECK(passed.err == "lanewise: the gradient agrees with differences to 1e-06 at 16 points\n");
    CHECK(json::parse(passed.out)["status"] == "completed");
    right.emplace_back("--quiet");
    CHECK(run(right).err.empty());

    // The derivative of the logarithm is beyond the range of doubles.
    const Outcome wrong = run({"minimize", "x^2 + log(1e-310*exp(y))", "--var", "x=-1:1", "--var", "y=-1:1",
                               "--check-gradient", "--quiet"});
    CHECK(wrong.code == 2);
    CHECK(wrong.out.empty());
    CHECK_THAT(wrong.err, ContainsSubstring("the gradient is wrong in 1 of 2 variables, worst in y: inf "
                                            "where differences say 1.0"));
    const Outcome unsettled = run({"minimize", "sin(1e18*x) + y^2", "--var", "x=-1:1", "--var", "y=-1:1",
                                   "--starts", "16", "--iterations", "5", "--check-gradient"});
    CHECK(unsettled.code == 0);
    CHECK_THAT(unsettled.err,
               ContainsSubstring("but cannot tell in x: differences with different steps do not "
                                 "agree with each other at any of them\n"));
    const Outcome nothing = run({"minimize", "log(-1 - x^2)", "--var", "x=-1:1", "--check-gradient"});
    CHECK(nothing.code == 2);
    CHECK_THAT(nothing.err, ContainsSubstring("no finite value at any of 16 points"));
}

TEST_CASE("the program can be looked at") {
    const Outcome dump =
        run({"minimize", "(1 - x)^2 + sin(x)*cos(x) + x^0", "--var", "x=-1:1", "--dump-program"});
    CHECK(dump.code == 0);
    CHECK_THAT(dump.out, ContainsSubstring("operations   as written  optimised"));
    CHECK_THAT(dump.out, ContainsSubstring("  pow "));
    CHECK_THAT(dump.out, ContainsSubstring(" = sincos x[0]\n"));
    CHECK_THAT(dump.out, ContainsSubstring("\nf = "));
    CHECK_THAT(dump.out, ContainsSubstring("\ng[0] = "));
}

TEST_CASE("a problem file says what flags can, and flags win") {
    const Folder folder;
    const std::string file = folder / "p.toml";
    std::ofstream(folder / "f.txt") << "a*(x - c)^2 + sum(i, 0, n(v)-1, v[i]^2)";
    std::ofstream(folder / "s.csv") << "x,v[0],v[1]\n1,1,1\n0,0,0\n";
    std::ofstream(file) << "expression-file = 'f.txt'\n[variables]\nx = [-1, 1]\n"
                           "v = {lower = -2, upper = 2, length = 2}\n[parameters]\na = -1\nc = 0.5\n"
                           "[options]\nmaximize = true\nstarts = 20\nstart = [[0, 1, 1]]\n"
                           "starts-file = 's.csv'\nalpha = 0.01\njson = 'r.json'\n"
                           "trace = 't.csv'\ntrace-runs = 2\nquiet = true\nprogress = 'always'\n";
    const Outcome plain = run({"minimize", file});
    CHECK(plain.code == 0);
    CHECK(plain.err.empty());
    const json result = json::parse(lanewise::read_file(folder / "r.json"));
    CHECK(result["runs"]["started"] == 23);
    CHECK(result["options"]["alpha"] == 0.01);
    CHECK(result["options"]["maximize"] == true);
    CHECK(result["problem"]["parameters"] == json({{"a", -1.0}, {"c", 0.5}}));
    CHECK(result["best"]["variables"]["x"].get<double>() == Approx(0.5).margin(1e-3));
    CHECK(lines_of(lanewise::read_file(folder / "t.csv")).size() == 2001);

    const auto with = [&](std::vector<std::string> flags) {
        flags.insert(flags.begin(), {"minimize", file, "--json", "-"});
        const Outcome outcome = run(flags);
        INFO(outcome.err);
        REQUIRE(outcome.code == 0);
        return json::parse(outcome.out);
    };
    const json other = with({"--maximize=false", "--alpha", "0.1", "--starts", "5", "--start", "1,1,1,0",
                             "--var", "x=-3:4", "--var", "w=0:1", "--param", "a=2", "--param", "b=1"});
    CHECK(other["options"]["maximize"] == false);
    CHECK(other["options"]["alpha"] == 0.1);
    CHECK(other["runs"]["started"] == 6);
    CHECK(other["options"]["start_points"] == json({{1.0, 1.0, 1.0, 0.0}}));
    CHECK(other["problem"]["parameters"] == json({{"a", 2.0}, {"b", 1.0}, {"c", 0.5}}));
    CHECK(other["problem"]["variables"][0] == json({{"name", "x"}, {"lower", -3.0}, {"upper", 4.0}}));
    CHECK(other["problem"]["variables"][1]["name"] == "v");
    CHECK(other["problem"]["variables"][2]["name"] == "w");
    CHECK(with({"--starts-file", folder / "s.csv"})["runs"]["started"] == 22);
    CHECK_THAT(run({"minimize", file, "--quiet=false"}).err, ContainsSubstring("100 %"));

    const Outcome at = run({"evaluate", file, "--param", "a=1", "--at", "1,2,3"});
    CHECK(at.out == "f = 13.25\ndf/dx = 1\ndf/dv[0] = 4\ndf/dv[1] = 6\n");
    const Outcome same = run({"minimize",
                              "a*(x - c)^2 + v[0]^2 + v[1]^2",
                              "--var",
                              "x=-1:1",
                              "--var",
                              "v[2]=-2:2",
                              "--param",
                              "a=-1",
                              "--param",
                              "c=0.5",
                              "--maximize",
                              "--starts",
                              "20",
                              "--start",
                              "0,1,1",
                              "--starts-file",
                              folder / "s.csv",
                              "--alpha",
                              "0.01",
                              "--json",
                              "-"});
    CHECK(json::parse(same.out)["minima"] == result["minima"]);
}

TEST_CASE("a bad problem file is exit code 2 with its place") {
    const Folder folder;
    const std::string file = folder / "p.toml";
    const auto error_of = [&](const std::string& toml, std::vector<std::string> flags = {}) {
        std::ofstream(file) << toml;
        flags.insert(flags.begin(), {"minimize", file});
        const Outcome outcome = run(flags);
        CHECK(outcome.code == 2);
        CHECK(outcome.out.empty());
        return outcome.err;
    };
    CHECK_THAT(error_of(""), ContainsSubstring("p.toml: no expression"));
    CHECK_THAT(error_of("expression = 'x'"), ContainsSubstring("p.toml: no variables; [variables] or --var"));
    CHECK_THAT(error_of("expression = 'x'\n[options]\nstarts = 'a'"),
               ContainsSubstring("p.toml, line 3, column 10: starts must be a whole number, not a string"));
    CHECK_THAT(error_of("expression = 'x + q'\n[variables]\nx = [0, 1]"),
               ContainsSubstring("p.toml: expression, line 1, column 5: 'q' is not known"));
    CHECK_THAT(error_of("expression = 'x'\n[variables]\nx = [0, 1]\n[options]\nstart = [[2]]"),
               ContainsSubstring("start 0: x = 2 is outside the box"));
    CHECK_THAT(error_of("expression = 'x'", {"--var", "x=0:1", "--var", "x=0:1"}),
               ContainsSubstring("variable 'x' is given twice"));
    CHECK_THAT(error_of("expression = 'x'", {"--var", "x=0:1", "--param", "a=1", "--param", "a=1"}),
               ContainsSubstring("param 'a=1': is given twice"));
    CHECK_THAT(run({"minimize", folder / "no.toml"}).err, ContainsSubstring("cannot read"));
    std::filesystem::create_directory(folder / "d.toml");
    const Outcome directory = run({"minimize", folder / "d.toml"});
    CHECK(directory.code == 2);
    CHECK_THAT(directory.err, ContainsSubstring("Is a directory"));
}

TEST_CASE("every option of the library is a flag") {
    const std::string help = run({"minimize", "--help"}).out;
    for (const std::string_view name : lanewise::option_names()) {
        INFO(name);
        const std::size_t begin = help.find(std::string("\n  --").append(name).append(" "));
        REQUIRE(begin != std::string::npos);
        const std::string its = help.substr(begin, help.find("\n  --", begin + 1) - begin);
        for (const std::string& word : lanewise::test::words_of(name)) {
            INFO(word);
            CHECK(lanewise::test::shows_word(its, word));
        }
    }
}

TEST_CASE("a sweep is told as a table, JSON and CSV, and the best setting can be used") {
    const Folder folder;
    const std::string tune_json = folder / "t.json";
    const std::string csv = folder / "t.csv";
    const std::string problem = LANEWISE_EXAMPLES "/tune.toml";
    const Outcome outcome = run({"tune", problem, "--threads", "1", "--json", tune_json, "--csv", csv});
    REQUIRE(outcome.code == 0);
    CHECK(outcome.err.empty());
    const json sweep = json::parse(lanewise::read_file(tune_json));
    CHECK(sweep["status"] == "completed");
    CHECK(sweep["target"] == 1e-5);
    CHECK(sweep["tune"]["vary"] ==
          json{{"alpha", {{"lower", 1e-3}, {"upper", 1}}}, {"beta1", {0, 0.5, 0.8, 0.9}}});
    CHECK(sweep["starts"].size() == 16);
    REQUIRE(sweep["settings"].size() == 64);
    const json& best = sweep["settings"][0];
    CHECK(best["reached"] == 16);
    CHECK(best["f"].size() == 16);
    CHECK(best["iterations_to_target"].size() == 16);
    CHECK(sweep["settings"][63]["expected_evaluations"].is_null());

    const std::vector<std::string> lines = lines_of(outcome.out);
    const std::string alpha = lanewise::to_text(best["alpha"].get<double>());
    const std::string beta1 = lanewise::to_text(best["beta1"].get<double>());
    CHECK(lines.back() == "use    lanewise minimize " + problem + " --alpha " + alpha + " --beta1 " + beta1);

    const std::vector<std::string> rows = lines_of(lanewise::read_file(csv));
    REQUIRE(rows.size() == 65);
    CHECK_THAT(rows[0], ContainsSubstring("number,rule,alpha,beta1,beta2,eps,iterations,schedule,warm-up"));
    const auto columns = std::ranges::count(rows[0], ',');
    for (const std::string& row : rows) CHECK(std::ranges::count(row, ',') == columns);
    CHECK(rows[1].starts_with(std::to_string(best["number"].get<int>()) + ",adam," + alpha + ","));

    const json search =
        json::parse(run({"minimize", problem, "--alpha", alpha, "--beta1", beta1, "--json", "-"}).out);
    CHECK(search["options"]["alpha"] == best["alpha"]);
    CHECK(search["options"]["beta1"] == best["beta1"]);
    CHECK(search["status"] == "target");

    // Flags win over the file: one setting, from other starts.
    const json other = json::parse(run({"tune", problem, "--vary", "alpha=0.02", "--vary", "beta1=0.8",
                                        "--grid", "2", "--starts", "3", "--json", "-"})
                                       .out);
    REQUIRE(other["settings"].size() == 1);
    CHECK(other["settings"][0]["alpha"] == 0.02);
    CHECK(other["starts"].size() == 3);
}

TEST_CASE("a signal ends a sweep that writes what was found") {
    const Folder folder;
    const std::string file = folder / "r.json";
    // Hours of work.
    const pid_t child =
        start(folder, {"tune", "(1-x)^2 + 100*(y-x^2)^2", "--var", "x=-5:5", "--var", "y=-5:5", "--starts",
                       "200", "--iterations", "10000000", "--progress", "always", "--json", file});
    wait_for(child, [&] { return std::filesystem::file_size(folder / "stderr") > 0; });
    kill(child, SIGINT);
    const Outcome outcome = finish(folder, child);
    CHECK(outcome.code == 130);
    CHECK_THAT(outcome.out, ContainsSubstring("ended  interrupted"));
    const json result = json::parse(lanewise::read_file(file));
    CHECK(result["status"] == "interrupted");
    CHECK(result["settings"].size() == 64);
    CHECK(result["settings"][0]["status"].size() == 200);
    CHECK(temporary_files(folder) == 0);
}

TEST_CASE("nothing finite is exit code 3 and leaves no file") {
    const Folder folder;
    const std::string file = folder / "r.json";
    const Outcome outcome = run({"minimize", "log(-1-x^2)", "--var", "x=-1:1", "--json", file});
    CHECK(outcome.code == 3);
    CHECK(outcome.out.empty());
    // 7 of 8 starts are the best of 8 points.
    CHECK_THAT(outcome.err,
               ContainsSubstring("nothing finite found: the value or its gradient is not finite at any of "
                                 "the 29184 points tried; ") &&
                   ContainsSubstring("a start given by hand where it is finite would help"));
    CHECK_FALSE(std::filesystem::exists(file));
    CHECK_THAT(run({"minimize", "log(-1-x^2)", "--var", "x=-1:1", "--start", "0"}).err,
               ContainsSubstring("not finite at the point tried"));
}

TEST_CASE("a signal ends a search that writes what was found, but one that was ignored") {
    struct Case {
        int signal, code;
    };
    const auto [signal, code] = GENERATE(Case{SIGINT, 130}, Case{SIGTERM, 143}, Case{SIGHUP, 129});
    const Folder folder;
    const std::string file = folder / "r.json";
    const std::string begun = folder / "c";
    const auto interrupt = [&, signal = signal](const char* iterations, const std::string& script) {
        std::filesystem::remove(begun);
        const pid_t child = start(folder, {"minimize",     "(1-x)^2 + 100*(y-x^2)^2",
                                           "--var",        "x=-5:5",
                                           "--var",        "y=-5:5",
                                           "--starts",     "200000",
                                           "--iterations", iterations,
                                           "--max-time",   "100",
                                           "--json",       file,
                                           "--trace",      folder / "t.csv",
                                           "--checkpoint", begun,
                                           "--every",      "0"},
                                  script);
        // The checkpoint tells that it has begun.
        wait_for(child, [&] { return std::filesystem::exists(begun); });
        kill(child, signal);
        return finish(folder, child);
    };
    // Hours of work.
    const Outcome outcome = interrupt("10000000", "exec \"$@\"");
    CHECK(outcome.code == code);
    const json result = json::parse(lanewise::read_file(file));
    CHECK(result["status"] == "interrupted");
    CHECK(result["runs"]["started"] == 200000);
    CHECK(result["runs"]["stopped"] > 190000);
    CHECK(std::isfinite(result["best"]["f"].get<double>()));
    CHECK_THAT(outcome.out, ContainsSubstring("ended  interrupted"));
    CHECK(temporary_files(folder) == 0);
    CHECK_FALSE(std::filesystem::exists(folder / "t.csv"));

    // Seconds of work.
    CHECK(interrupt("20", "trap '' INT TERM HUP; exec \"$@\"").code == 0);
    CHECK(json::parse(lanewise::read_file(file))["status"] == "completed");
}

TEST_CASE("what is said goes to stdout and stderr as they are, and to no other file") {
    const Folder folder;
    const std::string trace = folder / "t.csv";
    const std::string file = folder / "j.json";
    const std::vector<std::string> small = {"minimize", "x^2 + y^2", "--var", "x=-1:1",     "--var",
                                            "y=-1:1",   "--starts",  "20",    "--progress", "always"};
    const auto with = [&](std::vector<std::string> more, const std::string& redirections) {
        more.insert(more.begin(), small.begin(), small.end());
        return run(more, "exec \"$@\" " + redirections);
    };
    for (const char* redirections : {">&-", ">/dev/full", "<&- >&-"}) {
        INFO(redirections);
        const Outcome outcome = with({"--trace", trace, "--json", file}, redirections);
        CHECK(outcome.code == 2);
        CHECK_THAT(outcome.err, ContainsSubstring("lanewise: cannot write to stdout\n"));
        CHECK(lanewise::read_file(trace).starts_with("start_id,iteration,f,x,y\n0,0,"));
        CHECK(json::parse(lanewise::read_file(file))["status"] == "completed");
        CHECK(with({"--json", "-"}, redirections).code == 2);
    }
    for (const char* redirections : {"2>&-", "2>/dev/full", "<&- 2>&-"}) {
        INFO(redirections);
        const Outcome outcome = with({"--json", file}, redirections);
        CHECK(outcome.code == 0);
        CHECK_THAT(outcome.out, ContainsSubstring("best   f = "));
        CHECK(json::parse(lanewise::read_file(file))["status"] == "completed");
        CHECK(run({"foo"}, std::string("exec \"$@\" ") + redirections).code == 2);
        CHECK(run({"minimize", "log(-1-x^2)", "--var", "x=0:1"}, std::string("exec \"$@\" ") + redirections)
                  .code == 3);
    }
    // One that cannot be written does not keep the others, nor does a reader that is gone.
    const Outcome one = with({"--json", "/dev/full", "--trace", trace}, "");
    CHECK(one.code == 2);
    CHECK_THAT(one.out, ContainsSubstring("best   f = "));
    CHECK(lanewise::read_file(trace).starts_with("start_id,iteration,f,x,y\n0,0,"));
    CHECK(run({"tune", "x^2", "--var", "x=-1:1", "--settings", "2", "--starts", "2", "--json", "/dev/full",
               "--csv", trace})
              .code == 2);
    CHECK(lanewise::read_file(trace).starts_with("number,rule,"));
    CHECK(run({"minimize", "x^2", "--var", "x=-1:1", "--starts", "20", "--check-gradient", "--json", file},
              "\"$@\" 2>&1 >/dev/null | true")
              .code == 0);
    CHECK(json::parse(lanewise::read_file(file))["status"] == "completed");
    CHECK(with({"--json", file}, "<&- >&- 2>&-").code == 2);
    CHECK(json::parse(lanewise::read_file(file))["status"] == "completed");
    for (const char* arguments : {"--help", "--version", "minimize --help", "info"}) {
        INFO(arguments);
        for (const char* target : {">/dev/full", ">&-"})
            CHECK(run({}, std::string("exec \"$@\" ") + arguments + target).code == 2);
    }
}

TEST_CASE("no output overwrites another, whatever names they have") {
    const Folder folder;
    const std::string file = folder / "a";
    const std::string link = folder / "link";
    const std::string there = folder / "there";
    std::filesystem::create_symlink("a", link);
    std::filesystem::create_directory(folder / "sub");
    std::ofstream(folder / "p.toml") << "expression = 'x^2'\n[variables]\nx = [-1, 1]\n";
    const auto error_of = [&](std::vector<std::string> more, const std::string& script = "exec \"$@\"") {
        more.insert(more.begin() + 1, folder / "p.toml");
        const Outcome outcome = run(more, script);
        INFO(outcome.err);
        CHECK(outcome.code == 2);
        CHECK(temporary_files(folder) == 0);
        return outcome.err;
    };
    const std::string the_json = "the json goes there";
    for (const bool exists : {false, true}) {
        if (exists) std::ofstream(file) << "before";
        CHECK_THAT(error_of({"minimize", "--json", file, "--trace", link}), ContainsSubstring(the_json));
        CHECK_THAT(error_of({"minimize", "--json", folder / "sub/../a", "--checkpoint", link}),
                   ContainsSubstring(the_json));
        CHECK_THAT(error_of({"profile", "--json", file, "--timeline", link}), ContainsSubstring(the_json));
        CHECK_THAT(error_of({"profile", "--checkpoint", link, "--timeline", file}),
                   ContainsSubstring("the timeline goes there"));
        if (exists) CHECK(lanewise::read_file(file) == "before");
    }
    CHECK_THAT(error_of({"profile", "--json", "-", "--timeline", "-"}),
               ContainsSubstring("timeline '-': the json goes there"));
    CHECK_THAT(error_of({"minimize", "--json", there}, "exec \"$@\" >" + there),
               ContainsSubstring("json '" + there + "': stdout goes there"));
    CHECK_THAT(error_of({"minimize", "--json", folder / "p.toml"}),
               ContainsSubstring("the problem is read from there"));
    CHECK_THAT(error_of({"minimize", "--resume", file, "--trace", link}),
               ContainsSubstring("the saved state is read from there"));
    CHECK_THAT(error_of({"minimize", "--every", "3"}), ContainsSubstring("every: there is no checkpoint"));
    CHECK_THAT(error_of({"minimize", "--json", there}, "exec \"$@\" 2>" + there), ContainsSubstring(""));
    CHECK_THAT(lanewise::read_file(there), ContainsSubstring("stderr goes there"));
    CHECK_THAT(error_of({"minimize", "--quiet=maybe"}),
               ContainsSubstring("quiet 'maybe': must be one of: true, false, on, off, yes, no"));
    CHECK_THAT(error_of({"profile", "--timeline", "--json"}),
               ContainsSubstring("timeline '--json': a value is expected"));
    CHECK(run({"minimize", folder / "p.toml", "--json", "/dev/null", "--trace", "/dev/null"}).code == 0);
}

TEST_CASE("links keep pointing, and nothing is written through one that is in the way") {
    const Folder folder;
    const std::vector<std::string> small = {"minimize", "x^2", "--var", "x=-1:1", "--starts", "20"};
    const auto with = [&](std::vector<std::string> more) {
        more.insert(more.begin(), small.begin(), small.end());
        return run(more).code;
    };
    std::filesystem::create_directory(folder / "sub");
    std::filesystem::create_symlink("next", folder / "dangling");
    std::filesystem::create_symlink("sub/r.json", folder / "next");
    CHECK(with({"--json", folder / "dangling"}) == 0);
    CHECK(std::filesystem::read_symlink(folder / "dangling") == "next");
    CHECK(std::filesystem::read_symlink(folder / "next") == "sub/r.json");
    CHECK(json::parse(lanewise::read_file(folder / "sub/r.json"))["status"] == "completed");
    std::filesystem::create_symlink("round", folder / "circle");
    std::filesystem::create_symlink("circle", folder / "round");
    CHECK(with({"--json", folder / "circle"}) == 2);

    // Neither a pipe nor a device is waited for.
    REQUIRE(mkfifo((folder / "pipe").c_str(), 0600) == 0);
    for (const std::string& special : {folder / "pipe", std::string("/dev/zero")}) {
        CHECK(with({"--checkpoint", special}) == 2);
        CHECK(with({"--resume", special}) == 2);
        CHECK(with({"--resume", special, "--checkpoint", special}) == 2);
        CHECK(run({"minima", special}).code == 2);
    }
}

TEST_CASE("what killed programs left is removed by the next that writes there, and nothing else") {
    const Folder folder;
    std::vector<pid_t> killed(4);
    for (pid_t& child : killed)
        child = start(folder, {"minimize", "x^4 + sin(y)", "--var", "x=-1:1", "--var", "y=-1:1",
                               "--iterations", "10000000", "--starts", "100000", "--json", folder / "r.json",
                               "--trace", folder / "t.csv"});
    wait_for(killed.back(), [&] { return temporary_files(folder) == 8; });
    CHECK(temporary_files(folder) == 8);
    for (const pid_t child : killed) kill(child, SIGKILL);
    for (const pid_t child : killed) finish(folder, child);
    CHECK(temporary_files(folder) == 8);
    const std::vector<const char*> others = {".lanewise-mine.tmp", ".lanewise-notes-of-a-user.tmp",
                                             "r.json.123.tmp"};
    for (const char* other : others) std::ofstream(folder / other) << other;
    // It has its writer.
    lanewise::WholeFile open(folder / "open");
    const std::vector<std::string> small = {"minimize", "x^2", "--var",  "x=-1:1",
                                            "--starts", "20",  "--json", folder / "s"};
    CHECK(run(small).code == 0);
    CHECK(temporary_files(folder) == 3);
    for (const char* other : others) CHECK(std::filesystem::exists(folder / other));
    open.write("kept");
    open.commit();
    CHECK(lanewise::read_file(folder / "open") == "kept");
}

TEST_CASE("what was found is told when there is not the memory to go on", "[memory]") {
    const Folder folder;
    const std::string file = folder / "r.json";
    int told = 0;
    for (const char* precision : {"f64", "f32"}) {
        for (const char* kilobytes : {"10000", "25000", "40000", "80000", "116000", "150000"}) {
            INFO(precision << " " << kilobytes);
            std::filesystem::remove(file);
            const Outcome outcome =
                run({"minimize", "sum(i, 0, n(x)-1, (x[i] - 0.5)^4 + x[i])", "--var", "x[1000]=-5:5",
                     "--polish", "off", "--jit", "off", "--json", file, "--threads", "1", "--iterations",
                     "40", "--settle", "off", "--precision", precision},
                    std::string("ulimit -v ") + kilobytes + "; exec \"$@\"");
            if (outcome.err.find("error while loading shared libraries") != std::string::npos) continue;
            CHECK(outcome.code == 1);
            if (outcome.out.empty()) {
                CHECK_THAT(outcome.err, ContainsSubstring("not enough memory for this search"));
                CHECK_FALSE(std::filesystem::exists(file));
                continue;
            }
            ++told;
            CHECK_THAT(outcome.err, ContainsSubstring("not enough memory to go on; this is what was found"));
            CHECK_THAT(outcome.out, ContainsSubstring("ended  out-of-memory\nbest   f = "));
            const json result = json::parse(lanewise::read_file(file));
            CHECK(result["status"] == "out-of-memory");
            CHECK(result["best"]["x"].size() == 1000);
            CHECK(result["minima"][0]["x"] == result["best"]["x"]);
            CHECK(result["runs"]["stopped"] > 0);
            CHECK(result["runs"]["started"] == 4096);
            CHECK(temporary_files(folder) == 0);
        }
    }
    CHECK(told >= 6);
}

namespace {

/// A search of half a second or so; not compiled, which would be told in its result.
std::vector<std::string> bumps(const std::vector<std::string>& more) {
    std::vector<std::string> arguments = {
        "minimize",  "10*n(x) + sum(i, 0, n(x)-1, x[i]^2 - 10*cos(2*pi*x[i]))",
        "--var",     "x[10]=-5.12:5.12",
        "--starts",  "4000",
        "--minima",  "100",
        "--threads", "2",
        "--jit",     "off"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return arguments;
}

/// All of a result but its times.
json without_times(const std::string& text) {
    json result = json::parse(text);
    result["work"].erase("seconds");
    result["work"].erase("run_iterations_per_second");
    return result;
}

/// No file of this process and its children grows beyond that many bytes, while this lives.
class FileLimit {
  public:
    explicit FileLimit(rlim_t bytes) {
        getrlimit(RLIMIT_FSIZE, &before_);
        rlimit limit = before_;
        limit.rlim_cur = bytes;
        setrlimit(RLIMIT_FSIZE, &limit);
    }
    FileLimit(const FileLimit&) = delete;
    FileLimit& operator=(const FileLimit&) = delete;
    ~FileLimit() { setrlimit(RLIMIT_FSIZE, &before_); }

  private:
    rlimit before_{};
};

}  // namespace

TEST_CASE("a search killed at any moment goes on to the same result") {
    const Folder folder;
    const std::string file = folder / "c";
    const std::string uninterrupted = run(bumps({"--json", "-"})).out;
    const json expected = without_times(uninterrupted);
    const std::chrono::duration<double> seconds(json::parse(uninterrupted)["work"]["seconds"].get<double>());
    const auto arguments =
        bumps({"--json", "-", "--checkpoint", file, "--resume", file, "--every", "0.01", "--quiet"});
    int killed = 0;
    for (unsigned i = 0; i < 12; ++i) {
        const pid_t child = start(folder, arguments);
        std::this_thread::sleep_for(seconds * (i * 5 % 12) / 24);
        kill(child, SIGKILL);
        killed += finish(folder, child).code == -SIGKILL ? 1 : 0;
    }
    CHECK(killed > 0);
    CHECK(std::filesystem::exists(file));
    const Outcome outcome = run(arguments);
    CHECK(outcome.code == 0);
    CHECK(outcome.err.empty());
    CHECK(without_times(outcome.out) == expected);
    CHECK(json::parse(run({"minima", file, "--json", "-"}).out) == json::parse(outcome.out));
}

TEST_CASE("Ctrl-C and max-time leave a checkpoint to go on from") {
    const Folder folder;
    const std::string file = folder / "c";
    const std::string uninterrupted = run(bumps({"--json", "-"})).out;
    const json expected = without_times(uninterrupted);
    const std::chrono::duration<double> seconds(json::parse(uninterrupted)["work"]["seconds"].get<double>());
    // On a busy machine the signal may come before the program listens, or after the search.
    int code = 0;
    for (int attempt = 0; code != 130 && attempt < 100; ++attempt) {
        std::filesystem::remove(file);
        const pid_t child = start(folder, bumps({"--checkpoint", file}));
        std::this_thread::sleep_for(seconds * (4 + attempt * 5 % 12) / 16);
        kill(child, SIGINT);
        code = finish(folder, child).code;
    }
    CHECK(code == 130);
    const Outcome part = run({"minima", file});
    CHECK(part.code == 0);
    CHECK_THAT(part.err, ContainsSubstring("this search has not ended; "));
    CHECK_THAT(part.out, ContainsSubstring("ended  interrupted"));
    json result;
    int sessions = 0;
    for (double time = 1e-6; sessions == 0 || result["status"] == "max-time"; time *= 1.5) {
        const Outcome outcome = run(bumps({"--resume", file, "--checkpoint", file, "--max-time",
                                           std::to_string(time), "--json", "-", "--quiet"}));
        REQUIRE(outcome.code == 0);
        result = without_times(outcome.out);
        ++sessions;
    }
    CHECK(sessions > 1);
    result["options"]["max_time"] = nullptr;
    CHECK(result == expected);
}

TEST_CASE("a checkpoint that cannot be written does not end the search") {
    const Folder folder;
    const std::string file = folder / "c";
    const json expected = without_times(run(bumps({"--json", "-"})).out);
    {
        const FileLimit limit(100'000);
        const Outcome outcome = run(bumps({"--checkpoint", file, "--every", "0", "--json", folder / "r"}));
        CHECK(outcome.code == 0);
        CHECK(outcome.err == "lanewise: cannot write " + file + ": File too large; the search goes on\n");
        // The same where nobody can be told.
        CHECK(run(bumps({"--checkpoint", file, "--every", "0", "--json", folder / "s"}),
                  "exec \"$@\" 2>/dev/full")
                  .code == 0);
    }
    CHECK(without_times(lanewise::read_file(folder / "r")) == expected);
    CHECK(without_times(lanewise::read_file(folder / "s")) == expected);
    CHECK(std::filesystem::file_size(file) <= 100'000);
    CHECK(without_times(run(bumps({"--resume", file, "--json", "-"})).out) == expected);
}

TEST_CASE("what is no checkpoint of this search is refused with exit code 2") {
    const Folder folder;
    const std::string file = folder / "c";
    const std::vector<std::string> small = {"minimize", "a*x^2",    "--var", "x=-1:1",       "--param",
                                            "a=2",      "--starts", "20",    "--iterations", "30"};
    const auto with = [&](std::vector<std::string> more) {
        more.insert(more.begin(), small.begin(), small.end());
        return run(more);
    };
    CHECK(with({"--checkpoint", file}).code == 0);
    CHECK(with({"--resume", file}).code == 0);
    const auto refused = [](const Outcome& outcome, const std::string& message) {
        INFO(message);
        CHECK(outcome.code == 2);
        CHECK(outcome.out.empty());
        CHECK_THAT(outcome.err, ContainsSubstring(message));
    };
    refused(with({"--resume", file, "--seed", "3"}), file + ": seed 3: the saved search has 0");
    refused(with({"--resume", file, "--maximize"}), file + ": maximize on: the saved search has off");
    refused(run({"minimize", "x^2", "--var", "x=-1:1", "--resume", file}),
            file + ": expression 'x^2': the saved search has 'a*x^2'");
    refused(with({"--resume", folder / "none"}), "cannot read " + (folder / "none"));
    refused(with({"--resume", folder / "none", "--checkpoint", file}), "cannot read");
    refused(with({"--resume", "-"}), "resume '-': must be a file");
    refused(with({"--checkpoint", "-"}), "checkpoint '-': must be a file");
    refused(with({"--checkpoint", "/no/such/c"}), "cannot write /no/such/c");
    refused(with({"--checkpoint", file, "--json", file}), "checkpoint '" + file + "': the json goes there");
    refused(with({"--checkpoint", file, "--every", "-1"}), "every -1: must be finite and at least 0 seconds");
    refused(run({"minima", folder / "none"}), "cannot read");
    refused(run({"minima", file, "--same-distance", "2"}), "same-distance 2: must be");
    std::ofstream(folder / "text") << "lanewise checkpoint";
    refused(with({"--resume", folder / "text"}), (folder / "text") + ": this is no checkpoint of lanewise");
    refused(run({"minima", folder / "text"}), "this is no checkpoint of lanewise");
    const std::string state = lanewise::read_file(file);
    std::ofstream(folder / "part", std::ios::binary) << state.substr(0, state.size() - 1);
    refused(with({"--resume", folder / "part"}), "the checkpoint is damaged or not complete");

    // The two may be one file that is not there yet.
    const Outcome begins = with({"--checkpoint", folder / "new", "--resume", folder / "new"});
    CHECK(begins.code == 0);
    CHECK(begins.err == "lanewise: there is no " + (folder / "new") + " yet: the search begins\n");
    CHECK(with({"--checkpoint", folder / "new", "--resume", folder / "new"}).err.empty());
}

TEST_CASE("minima tells a saved search's minima apart in another way") {
    const Folder folder;
    const std::string file = folder / "c";
    const Outcome searched = run(bumps({"--checkpoint", file, "--json", "-"}));
    const auto found = [&](std::vector<std::string> more) {
        more.insert(more.begin(), {"minima", file, "--json", "-"});
        const Outcome outcome = run(more);
        CHECK(outcome.code == 0);
        CHECK(outcome.err.empty());
        return json::parse(outcome.out);
    };
    const json plain = found({});
    CHECK(plain == json::parse(searched.out));
    const json loose = found({"--same-distance", "0.5"});
    CHECK(loose["minima"].size() == plain["minima"].size());
    CHECK(loose["best"] == plain["best"]);
    CHECK(loose["options"]["same_distance"] == 0.5);
    CHECK(found({"--same-distance", "1e-14", "--minima", "10000"})["minima"].size() >
          found({"--minima", "10000"})["minima"].size());
    CHECK(found({"--minima", "3"})["minima"].size() == 3);
    CHECK_THAT(run({"minima", file}).out, ContainsSubstring("best   f = "));
}

TEST_CASE("the trace holds the runs asked for") {
    const Folder folder;
    const std::string file = folder / "t.csv";
    const auto ids_of = [&](std::vector<std::string> more) {
        std::vector<std::string> arguments = {"minimize",     "x^2", "--var",   "x[2]=-1:1",
                                              "--iterations", "3",   "--trace", file};
        arguments[1] = "x[0]^2 + x[1]^2";
        arguments.insert(arguments.end(), more.begin(), more.end());
        CHECK(run(arguments).code == 0);
        const auto lines = lines_of(lanewise::read_file(file));
        CHECK(lines[0] == "start_id,iteration,f,x[0],x[1]");
        std::vector<int> ids;
        for (std::size_t i = 1; i < lines.size(); i += 3) ids.push_back(std::stoi(lines[i]));
        return ids;
    };
    CHECK(ids_of({"--starts", "3"}) == std::vector<int>{0, 1, 2});
    const auto spread = ids_of({"--starts", "160"});
    REQUIRE(spread.size() == 16);
    CHECK(spread[15] == 150);
    CHECK(ids_of({"--starts", "160", "--trace-runs", "40"}).size() == 40);
}

TEST_CASE("a saved search is looked at without a compiler, and profile leaves JSON alone on stdout") {
    const Folder folder;
    const std::string file = folder / "c";
    CHECK(run({"minimize", "x^2", "--var", "x=-1:1", "--starts", "20", "--checkpoint", file}).code == 0);
    CHECK(run({"minima", file}).code == 0);
    const Outcome profiled = run({"profile", "x^2", "--var", "x=-1:1", "--starts", "20", "--json", "-"});
    CHECK(json::parse(profiled.out)["status"] == "completed");
    CHECK_THAT(profiled.err, ContainsSubstring("limit  "));
}

TEST_CASE("a search keeps to the memory it is given", "[memory]") {
    struct Case {
        const char* variables;
        const char* starts;
        const char* memory;
        double bytes;
    };
    const auto [variables, starts, memory, bytes] =
        GENERATE(Case{"x[2]=-5:5", "1000000", "250M", 250.0 * (1 << 20)},
                 Case{"x[100]=-5:5", "30000", "80M", 80.0 * (1 << 20)});
    const auto peak = [v = variables](const char* number, std::vector<std::string> more) {
        std::vector<std::string> arguments = {"minimize", "sum(i, 0, n(x)-1, x[i]^2 - 10*cos(2*pi*x[i]))",
                                              "--var", v, "--starts", number, "--iterations", "40",
                                              "--explore", "1", "--json", "/dev/null",
                                              // A compiler's memory would count too.
                                              "--jit", "off"};
        arguments.insert(arguments.end(), more.begin(), more.end());
        const Outcome outcome = run(arguments);
        REQUIRE(outcome.code == 0);
        return 1024.0 * static_cast<double>(outcome.peak_kilobytes);
    };
    CHECK(peak(starts, {"--memory", memory}) - peak("16", {}) < bytes);
}

TEST_CASE("memory stays near two numbers and the moments per run and variable", "[memory]") {
    const auto [rule, numbers] =
        GENERATE(table<const char*, double>({{"adam", 4}, {"momentum", 3}, {"amsgrad", 5}}));
    INFO(rule);
    const auto peak = [rule = rule](const char* dimension, const char* starts) {
        const Outcome outcome =
            run({"minimize",     "sum(i, 0, n(x)-2, 100*(x[i+1] - x[i]^2)^2 + (1 - x[i])^2)",
                 "--var",        std::string("x[") + dimension + "]=-5:5",
                 "--starts",     starts,
                 "--iterations", "20",
                 "--rule",       rule,
                 "--alpha",      "1e-9",
                 "--offspring",  "off",
                 "--polish",     "off",
                 "--json",       "/dev/null",
                 "--jit",        "off"});
        REQUIRE(outcome.code == 0);
        return 1024.0 * static_cast<double>(outcome.peak_kilobytes);
    };
    const double state = 400'000.0 * 10 * numbers * 8;
    CHECK(peak("10", "400000") - peak("10", "16") < 1.35 * state);
}
