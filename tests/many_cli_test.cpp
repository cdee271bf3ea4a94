// `lanewise minimize` of many problems as a user runs it.
#include <cmath>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "catch.hpp"
#include "folder.hpp"
#include "lanewise/csv.hpp"
#include "lanewise/io.hpp"
#include "run_program.hpp"

using lanewise::CsvTable;
using lanewise::read_file;
using lanewise::test::Folder;
using lanewise::test::Outcome;
using lanewise::test::run;
using lanewise::test::Words;
using lanewise::test::operator+;
using nlohmann::json;

namespace {

/// Two wells at the roots of a, of which the left one is deeper.
Words wells(const Words& more) {
    return Words{"minimize", "(x^2 - a)^2 + x/100 + y^2", "--var", "x=-5:5", "--var", "y=-1:1"} + more;
}

}  // namespace

TEST_CASE("a problem for each line of a table, of which broken ones touch no other") {
    const Folder folder;
    const std::string problems =
        folder
            .file("p.csv",
                  "name,a,x.lower,x.upper\none,1,,\nright,4,0,\ntop,9,-1,-0.5\nnone,NA,,\nfar,1e300,,\n")
            .string();
    const std::string file = folder / "all.json";
    const Words options = {"--problems", problems, "--starts", "12", "--out", "-"};
    const Outcome outcome = run(wells(options + Words{"--json", file, "--minima", "2"}));
    CHECK(outcome.code == 0);
    CHECK(outcome.err.empty());
    const CsvTable csv(outcome.out);
    CHECK(csv.names() == Words{"problem", "x", "y", "f", "n_used", "n_left_out", "runs", "agree", "status"});
    CHECK(csv.texts("status") == Words{"converged", "converged", "converged", "no-value", "no-value"});
    CHECK(csv.numbers("x")[0] == Approx(-1.00125).epsilon(1e-5));
    CHECK(csv.numbers("x")[1] == Approx(2).epsilon(1e-3));
    CHECK(csv.numbers("x")[2] == -1);
    CHECK(csv.numbers("f")[2] == Approx(64 - 0.01));
    CHECK(std::isnan(csv.numbers("x")[3]));
    const json all = json::parse(read_file(file));
    CHECK(all["objective"]["maximize"] == false);
    CHECK(all["problems"].size() == 5);
    const json& minima = all["problems"][0]["minima"];
    REQUIRE(minima.size() == 2);
    CHECK(minima[0]["x"] == all["problems"][0]["x"]);
    CHECK(minima[1]["x"][0].get<double>() == Approx(0.99875).epsilon(1e-5));
    CHECK(minima[0]["runs"].get<int>() + minima[1]["runs"].get<int>() == 12);
    CHECK(all["problems"][3]["minima"].empty());
    // What comes of a problem does not depend on its neighbours.
    const std::string alone = folder.file("alone.csv", "a,x.lower\n4,0\n").string();
    const CsvTable one(run(wells({"--problems", alone, "--starts", "12", "--out", "-"})).out);
    CHECK(one.texts("x")[0] == csv.texts("x")[1]);
    CHECK(one.texts("f")[0] == csv.texts("f")[1]);
    // By key, and as a table for a person.
    CHECK(CsvTable(run(wells(options + Words{"--group", "name"})).out).texts("name") ==
          Words{"one", "right", "top", "none", "far"});
    CHECK_THAT(run(wells({"--problems", problems})).out,
               ContainsSubstring("minima   5 problems: 3 converged, 2 no-value\n"));
    CHECK_THAT(run(wells({"--problems", alone})).out,
               ContainsSubstring("minimum  converged\n") && !ContainsSubstring("rows"));
}

TEST_CASE("groups of rows are problems of a formula with sums over rows") {
    const Folder folder;
    const std::string data = folder.file("d.csv", "id,t,note\nb,1,x\na,2,x\nb,5,x\nb,NA,x\nc,,x\n").string();
    const Words mean = {"minimize", "rows((t - m)^2)", "--var", "m=-9:9", "--data", data, "--group", "id"};
    const CsvTable csv(run(mean + Words{"--out", "-"}).out);
    CHECK(csv.texts("id") == Words{"b", "a", "c"});
    CHECK(csv.numbers("m")[0] == Approx(3));
    CHECK(csv.numbers("m")[1] == Approx(2));
    CHECK(csv.numbers("f")[0] == Approx(8));
    CHECK(csv.numbers("n_used") == std::vector<double>{2, 1, 0});
    CHECK(csv.numbers("n_left_out") == std::vector<double>{1, 0, 1});
    CHECK(csv.texts("status") == Words{"converged", "converged", "no-rows"});
    const std::string more = folder.file("p.csv", "id,m.lower\na,2.5\nempty,\nb,\nc,\n").string();
    const CsvTable with_empty(run(mean + Words{"--problems", more, "--out", "-"}).out);
    CHECK(with_empty.texts("id") == Words{"b", "a", "c", "empty"});
    CHECK(with_empty.numbers("m")[1] == 2.5);
    CHECK(with_empty.texts("status") == Words{"converged", "converged", "no-rows", "no-rows"});
    // The same from a file, where flags win; and upside down.
    const std::string file =
        folder
            .file("p.toml",
                  "expression = '-rows((t - m)^2)'\n[variables]\nm = [-9, 9]\n[data]\nfile = 'd.csv'\n"
                  "[options]\ngroup = 'note'\nmaximize = true\ntolerance = 1e-9\nout = '-'\n")
            .string();
    const CsvTable largest(run({"minimize", file, "--group", "id"}).out);
    CHECK(largest.texts("id") == csv.texts("id"));
    CHECK(largest.numbers("f")[0] == Approx(-8));
    CHECK(largest.numbers("m")[0] == Approx(3));
}

TEST_CASE("problems go on from a checkpoint") {
    const Folder folder;
    const std::string problems = folder.file("p.csv", "a\n1\n2\n").string();
    const std::string state = folder / "state";
    const Words options = {"--problems", problems, "--out", "-", "--checkpoint", state, "--resume", state};
    const Outcome first = run(wells(options));
    CHECK(first.code == 0);
    CHECK(run(wells(options)).out == first.out);
    CHECK_THAT(run(wells(options + Words{"--seed", "3"})).err, ContainsSubstring("differ"));
}

TEST_CASE("what many problems do not have is refused by name, with exit code 2, and leaves no file") {
    const Folder folder;
    const std::string out = folder / "out.csv";
    const std::string problems = folder.file("p.csv", "a,id\n1,x\n2,y\n").string();
    struct Case {
        Words more;
        const char* message;
    };
    const std::vector<Case> cases = {
        {{"--explore", "4"}, "explore: is for a search of one problem; group and problems make many"},
        {{"--offspring", "on"}, "offspring: is for a search of one problem"},
        {{"--trace", folder / "t.csv"}, "trace: is for a search of one problem"},
        {{"--rule", "lbfgs"}, "rule lbfgs: must be one that makes steps"},
        {{"--param", "a=1"}, "column 'a' of the table of problems: is a parameter of all problems, too"},
        {{"--group", "key"}, "group 'key': the table of problems has no column of that name"},
        {{"--var", "f=0:1"}, "out.csv: a table to be written has two columns 'f'"},
        {{"--json", out}, "the out goes there"},
        {{"--max-steps", "0"}, "max-steps 0: must be 1 to 1000000"},
    };
    for (const auto& [more, message] : cases) {
        INFO(message);
        const Outcome outcome = run(wells(Words{"--problems", problems, "--out", out} + more));
        CHECK(outcome.code == 2);
        CHECK(outcome.out.empty());
        CHECK_THAT(outcome.err, ContainsSubstring(message));
        CHECK_FALSE(std::filesystem::exists(out));
    }
    CHECK_THAT(run(wells({"--group", "id"})).err, ContainsSubstring("data: a file with the rows is needed"));
    CHECK_THAT(run(wells({"--param", "a=1", "--tolerance", "1e-3"})).err,
               ContainsSubstring("tolerance: is for many problems, --group or --problems"));
    const std::string nowhere = folder.file("n.csv", "a\nNA\n").string();
    const Outcome nothing = run(wells({"--problems", nowhere, "--out", out}));
    CHECK(nothing.code == 3);
    CHECK_THAT(nothing.err,
               ContainsSubstring("nothing was found: at no start has the expression a finite value"));
}
