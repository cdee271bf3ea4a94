// `lanewise fit` as a user runs it.
#include <sys/wait.h>

#include <algorithm>
#include <cmath>
#include <csignal>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "catch.hpp"
#include "folder.hpp"
#include "lanewise/csv.hpp"
#include "lanewise/io.hpp"
#include "lanewise/problem.hpp"
#include "run_program.hpp"
#include "words.hpp"

using lanewise::CsvTable;
using lanewise::read_file;
using lanewise::test::finish;
using lanewise::test::Folder;
using lanewise::test::Outcome;
using lanewise::test::run;
using lanewise::test::start;
using lanewise::test::wait_for;
using nlohmann::json;

namespace {

/// Misra1a of NIST's reference data for nonlinear regression, with its certified values, and a row that is to
/// be left out.
const std::string misra =
    "y,x\n10.07,77.6\n14.73,114.9\n17.94,141.1\n23.93,190.8\n29.61,239.9\n35.18,289.0\n40.02,332.8\n"
    "44.82,378.4\n50.76,434.8\n55.05,477.3\n61.01,536.8\n66.40,593.1\n75.47,689.1\n81.78,760.0\nNaN,800\n";
constexpr double b0 = 238.94212918;
constexpr double b0_error = 2.7070075241;
constexpr double b1 = 5.5015643181e-4;
constexpr double b1_error = 7.2668688436e-6;
constexpr double rss = 0.12455138894;

/// Three decays without noise: by 5 exp(-0.5 t), 3 exp(-t) and 8 exp(-0.25 t), one after the other and by
/// turns.
std::string decays() {
    std::string text = "id,t,y,note\n";
    for (const double t : {0.0, 1.0, 2.0, 3.0}) {
        text += "slow," + lanewise::to_text(t) + "," + lanewise::to_text(8 * std::exp(-0.25 * t)) + ",x\n";
        text += "b," + lanewise::to_text(t) + "," + lanewise::to_text(5 * std::exp(-0.5 * t)) + ",x\n";
        text += "a," + lanewise::to_text(t) + "," + lanewise::to_text(3 * std::exp(-t)) + ",x\n";
    }
    return text;
}

std::vector<std::string> operator+(std::vector<std::string> a, const std::vector<std::string>& b) {
    a.insert(a.end(), b.begin(), b.end());
    return a;
}

std::vector<std::string> fit_decays(const Folder& folder, const std::vector<std::string>& more) {
    return std::vector<std::string>{"fit",        "a*exp(-k*t)",
                                    "--data",     folder.file("d.csv", decays()).string(),
                                    "--var",      "a=0:20",
                                    "--var",      "k=0:5",
                                    "--response", "y"} +
           more;
}

}  // namespace

TEST_CASE("fit comes to the certified values of a reference problem") {
    const Folder folder;
    const std::string data = folder.file("m.csv", misra).string();
    const std::string out = folder / "out.csv";
    const std::string file = folder / "out.json";
    const Outcome outcome =
        run({"fit", "b0*(1-exp(-b1*x))", "--data", data, "--response", "y", "--var", "b0=0:500", "--var",
             "b1=0:0.1", "--out", out, "--covariance", "--json", file});
    CHECK(outcome.code == 0);
    CHECK(outcome.err.empty());
    CHECK_THAT(outcome.out, ContainsSubstring("fit      converged\n") &&
                                ContainsSubstring("12 degrees of freedom") &&
                                ContainsSubstring("rows     14 used, 1 left out\n"));
    const CsvTable csv(read_file(out));
    REQUIRE(csv.rows() == 1);
    CHECK(csv.numbers("b0")[0] == Approx(b0).epsilon(1e-6));
    CHECK(csv.numbers("b0.stderr")[0] == Approx(b0_error).epsilon(1e-6));
    CHECK(csv.numbers("b1")[0] == Approx(b1).epsilon(1e-6));
    CHECK(csv.numbers("b1.stderr")[0] == Approx(b1_error).epsilon(1e-6));
    CHECK(csv.numbers("b0.b0.cov")[0] == Approx(b0_error * b0_error).epsilon(1e-6));
    CHECK(csv.numbers("rss")[0] == Approx(rss).epsilon(1e-8));
    CHECK(csv.numbers("n_left_out")[0] == 1);
    const json all = json::parse(read_file(file));
    CHECK(all["fits"][0]["x"][0] == csv.numbers("b0")[0]);
    CHECK(all["fits"][0]["status"] == "converged");
}

TEST_CASE("fit takes each group by itself, and a table of problems by key") {
    const Folder folder;
    const std::string file =
        folder.file("p.csv", "id,a.start,k.start,k.upper,unused\na,1,1,0.5,x\nslow,7,0.3,,y\nb,5,1,,z\n")
            .string();
    const Outcome outcome = run(fit_decays(folder, {"--group", "id", "--problems", file, "--out", "-"}));
    CHECK(outcome.code == 0);
    const CsvTable csv(outcome.out);
    REQUIRE(csv.texts("id") == std::vector<std::string>{"slow", "b", "a"});
    CHECK(csv.numbers("a")[0] == Approx(8).epsilon(1e-6));
    CHECK(csv.numbers("k")[0] == Approx(0.25).epsilon(1e-6));
    CHECK(csv.numbers("k")[1] == Approx(0.5).epsilon(1e-6));
    CHECK(csv.numbers("k")[2] == 0.5);  // at its bound
    CHECK_THAT(run(fit_decays(folder, {"--group", "id"})).out,
               ContainsSubstring("fits     3 problems: 3 converged\n"));
}

TEST_CASE("fit predicts at other rows") {
    const Folder folder;
    const std::string rows = folder.file("r.csv", "id,t\nb,4\nslow,0\n").string();
    const std::string bands = folder / "bands.csv";
    CHECK(run(fit_decays(folder, {"--group", "id", "--predict", rows, "--predictions", bands})).code == 0);
    const CsvTable csv(read_file(bands));
    CHECK(csv.texts("id") == std::vector<std::string>{"b", "slow"});
    CHECK(csv.numbers("prediction")[0] == Approx(5 * std::exp(-2)).epsilon(1e-6));
    CHECK(csv.numbers("prediction.lower")[1] <= csv.numbers("prediction")[1]);
    // To stdout unless something else is said, which then has no table.
    const std::string grid = folder.file("g.csv", "t\n0\n1\n").string();
    const Outcome all = run(fit_decays(folder, {"--group", "id", "--predict", grid}));
    CHECK(CsvTable(all.out).rows() == 6);
}

TEST_CASE("fit reads problem files, and flags win") {
    const Folder folder;
    folder.file("d.csv", decays());
    const std::string file =
        folder
            .file("p.toml",
                  "expression = 'a*c[0]*exp(-k*t)'\n[variables]\na = [0, 20]\nk = [0, 5]\n"
                  "[data]\nfile = 'd.csv'\n[tables]\nc = [2]\n"
                  "[fit]\nresponse = 'y'\n[options]\ngroup = 'id'\nout = '-'\nseed = 3\n")
            .string();
    CHECK(CsvTable(run({"fit", file}).out).numbers("a")[0] == Approx(4).epsilon(1e-6));
    const std::string table = folder.file("c.csv", "4\n").string();
    const CsvTable csv(run({"fit", file, "--table", "c=" + table, "--response", "3*y"}).out);
    CHECK(csv.numbers("a")[0] == Approx(6).epsilon(1e-6));
}

TEST_CASE("what fit cannot do is refused with exit code 2, named, and leaves no file") {
    const Folder folder;
    const std::string out = folder / "out.csv";
    struct Case {
        std::vector<std::string> more;
        const char* message;
    };
    const std::vector<Case> cases = {
        {{"--loss", "hubber"},
         "loss 'hubber': must be one of: squared, huber, soft-l1, cauchy, poisson, logistic"},
        {{"--sigma", "1", "--weights", "t"}, "weights 't': there is sigma '1', too"},
        {{"--response", "note"}, "--response"},
        {{"--group", "key"},
         "group 'key': the data has no column of that name; the columns are id, t, y, note"},
        {{"--var", "t=0:1"}, "column 't': this is the name of a variable, too"},
        {{"--sigma", "note"}, "line 2: column 'note': 'x' is not a number"},
        {{"--predictions", "b.csv"}, "predictions: there are none without --predict FILE"},
        {{"--confidence", "95"}, "confidence '95': must be above 0 and below 1"},
        {{"--every", "1"}, "every: there is no checkpoint without --checkpoint FILE"},
        {{"--p0", "1,2"}, "unknown option '--p0'; did you mean '--start'?"},
        {{"--var", "rss=0:1"}, "out.csv: a table to be written has two columns 'rss'"},
        {{"--json", out}, "the out goes there"},
        {{"--table", "c"}, "table 'c': is not NAME=FILE"},
    };
    for (const auto& [more, message] : cases) {
        INFO(message);
        const Outcome outcome = run(fit_decays(folder, more + std::vector<std::string>{"--out", out}));
        CHECK(outcome.code == 2);
        CHECK(outcome.out.empty());
        CHECK_THAT(outcome.err, ContainsSubstring(message));
        CHECK_FALSE(std::filesystem::exists(out));
    }
    const std::string data = folder.file("d.csv", decays()).string();
    CHECK_THAT(run({"fit", "a*t", "--data", data, "--var", "a=0:1"}).err,
               ContainsSubstring("response: what the model is fitted to is needed"));
    CHECK_THAT(run({"fit", "a*t", "--response", "y", "--var", "a=0:1"}).err,
               ContainsSubstring("data: a file with the rows to fit is needed"));
    CHECK_THAT(run({"fit", "a*t", "--data", data, "--response", "y"}).err,
               ContainsSubstring("--var is required"));
    CHECK_THAT(run({"fit", "a*t", "--data", "-", "--problems", "-", "--response", "y", "--var", "a=0:1"}).err,
               ContainsSubstring("problems '-': the data is read from stdin, too"));
}

TEST_CASE("an output that cannot be written fails before the work") {
    const Folder folder;
    // The name that no formula knows would be refused first otherwise.
    const Outcome outcome = run(fit_decays(folder, {"--out", folder / "no/out.csv", "--sigma", "unknown"}));
    CHECK(outcome.code == 2);
    CHECK_THAT(outcome.err, ContainsSubstring("cannot write ") && ContainsSubstring("no/out.csv"));
}

TEST_CASE("nothing fitted is exit code 3 and leaves no file") {
    const Folder folder;
    const std::string out = folder / "out.csv";
    const std::string data = folder.file("d.csv", "t,y\n1,\n2,NaN\n").string();
    const Outcome empty =
        run({"fit", "a*t", "--data", data, "--response", "y", "--var", "a=0:1", "--out", out});
    CHECK(empty.code == 3);
    CHECK_THAT(empty.err, ContainsSubstring("nothing was fitted: there is no row without a missing value"));
    const Outcome broken = run(fit_decays(folder, {"--response", "0*y", "--sigma", "1"}));
    CHECK(broken.code == 2);  // a response that is given twice
    CHECK_FALSE(std::filesystem::exists(out));
    CHECK_THAT(run({"fit", "log(0-1-a)*t", "--data", folder.file("e.csv", "t,y\n1,2\n").string(),
                    "--response", "y", "--var", "a=0:1"})
                   .err,
               ContainsSubstring("at no start has the model a finite value"));
}

TEST_CASE("a signal ends fits, and what was done until then is written") {
    const Folder folder;
    std::string many = "a.upper\n";
    for (int p = 0; p < 20000; ++p) many += "20\n";
    const std::string problems = folder.file("p.csv", many).string();
    const std::string state = folder / "state";
    const std::string out = folder / "out.csv";
    const pid_t child =
        start(folder, fit_decays(folder, {"--problems", problems, "--starts", "200", "--out", out,
                                          "--checkpoint", state, "--every", "0", "--max-time", "100"}));
    wait_for(child, [&] { return std::filesystem::exists(state); });
    kill(child, SIGTERM);
    CHECK(finish(folder, child).code == 143);
    const CsvTable csv(read_file(out));
    REQUIRE(csv.rows() == 20000);
    const std::vector<std::string> statuses = csv.texts("status");
    CHECK(std::ranges::count(statuses, "converged") > 0);
    CHECK(std::ranges::count(statuses, "stopped") > 0);
}

TEST_CASE("fits go on from a checkpoint") {
    const Folder folder;
    const std::string state = folder / "state";
    const std::vector<std::string> options = {"--group",      "id",  "--out",    "-",
                                              "--checkpoint", state, "--resume", state};
    const Outcome first = run(fit_decays(folder, options));
    CHECK_THAT(first.err, ContainsSubstring("there is no ") && ContainsSubstring(" yet"));
    CHECK(run(fit_decays(folder, options)).out == first.out);
    const Outcome other = run(fit_decays(folder, options + std::vector<std::string>{"--seed", "3"}));
    CHECK(other.code == 2);
    CHECK_THAT(other.err, ContainsSubstring("differ"));
}

TEST_CASE("minimize, evaluate and tune take data and tables, too") {
    const Folder folder;
    const std::string data = folder.file("m.csv", "y,x\n2,1\n4,2\n6,3\n").string();
    const std::string table = folder.file("c.csv", "2\n").string();
    const Outcome outcome = run({"evaluate", "rows((y - c[0]*a*x)^2)", "--data", data, "--table",
                                 "c=" + table, "--var", "a=0:9", "--at", "2"});
    CHECK(outcome.code == 0);
    CHECK_THAT(outcome.out, ContainsSubstring("f = 56\n"));
    const auto with = [&](const std::string& command, const std::vector<std::string>& more) {
        const std::vector<std::string> given = {command, "rows((y - c[0]*a*x)^2)", "--var", "a=0:9", "--data",
                                                data};
        return run(given + std::vector<std::string>{"--table", "c=" + table, "--batch-rows", "2"} + more);
    };
    const Outcome tuned = with("tune", {"--settings", "2", "--starts", "3"});
    CHECK(tuned.code == 0);
    CHECK_THAT(tuned.out, ContainsSubstring("tuned  2 settings from 3 starts"));
    for (const char* command : {"minimize", "tune"}) {
        const Outcome over = with(command, {"--json", data});
        CHECK(over.code == 2);
        CHECK_THAT(over.err, ContainsSubstring("the data is read from there"));
    }
    CHECK(read_file(data) == "y,x\n2,1\n4,2\n6,3\n");
}

TEST_CASE("every option of fits is a flag") {
    const std::string help = run({"fit", "--help"}).out;
    for (const std::string_view name : lanewise::fit_flag_names()) {
        INFO(name);
        const std::size_t begin = help.find(std::string("\n  --").append(name).append(" "));
        REQUIRE(begin != std::string::npos);
        const std::string its = help.substr(begin, help.find("\n  --", begin + 1) - begin);
        for (const std::string& word : lanewise::test::words_of(name, lanewise::set_fit_option)) {
            INFO(word);
            CHECK(lanewise::test::shows_word(its, word));
        }
    }
}
