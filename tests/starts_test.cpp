#include "search/starts.hpp"

#include <set>

#include "catch.hpp"
#include "lanewise/lanewise.hpp"

using namespace lanewise;

TEST_CASE("drawn starts fill the box, differ, and depend on design, seed and number alone") {
    const SearchBox box(Box{{"x", -3, 5}, {"y", 2, 2}, {"v", 0, 1, 3}});
    for (const Design design : {Design::uniform, Design::sobol, Design::latin_hypercube}) {
        INFO(name(design));
        const Options many{.starts = 4000, .seed = 9, .design = design, .explore = 1};
        const Options few{.starts = 10, .seed = 9, .design = design, .explore = 1};
        const Options other{.starts = 10, .seed = 10, .design = design, .explore = 1};
        const Starts starts(box, many);
        std::vector<double> x(5);
        std::vector<double> y(5);
        std::set<double> seen;
        double mean = 0;
        for (std::size_t id = 0; id < starts.count(); ++id) {
            starts.point(id, x);
            CHECK((x[0] >= -3 && x[0] <= 5 && x[1] == 2 && x[4] >= 0 && x[4] <= 1));
            seen.insert(x[0]);
            mean += x[0] / 4000;
        }
        CHECK(seen.size() == 4000);
        CHECK(mean == Approx(1).margin(0.15));
        starts.point(7, x);
        Starts(box, few).point(7, y);
        CHECK(x == y);
        Starts(box, other).point(7, y);
        CHECK(x != y);
    }
}

TEST_CASE("starts given by hand come first and take no drawn one's place") {
    const SearchBox box(Box{{"x", -3, 5}});
    for (const Design design : {Design::uniform, Design::sobol, Design::latin_hypercube}) {
        const Options only{.start_points = {{1.0}, {2.0}}, .design = design};
        CHECK(Starts(box, only).count() == 2);
        const Options mixed{.starts = 3, .start_points = {{1.0}, {2.0}}, .design = design};
        const Starts starts(box, mixed);
        CHECK(starts.count() == 5);
        double x = 0;
        starts.point(1, {&x, 1});
        CHECK(x == 2);
        const Options none{.design = design};
        for (std::uint64_t number = 0; number < 3; ++number) {
            double drawn = 0;
            starts.point(2 + number, {&drawn, 1});
            Starts(box, none).point(number, {&x, 1});
            CHECK(x == drawn);
        }
    }
}

TEST_CASE("every eighth drawn start is of the sample: one uniform point, whatever the others are") {
    const SearchBox box(Box{{"x", -3, 5}, {"v", 0, 1, 2}});
    const auto drawn = [](Design design, std::size_t explore, bool prune) {
        return Options{
            .starts = 40, .start_points = {{0, 0, 0}}, .design = design, .explore = explore, .prune = prune};
    };
    const Options usual = drawn(Design::sobol, 8, true);
    const Options other = drawn(Design::latin_hypercube, 3, false);
    const Starts starts(box, usual);
    const Starts others(box, other);
    std::vector<double> x(3);
    std::vector<double> y(3);
    for (std::uint64_t id = 0; id < starts.count(); ++id) {
        const bool is_sample = id >= 1 && (id - 1) % 8 == 7;
        CHECK(starts.is_sample(id) == is_sample);
        CHECK(others.is_sample(id) == is_sample);
        CHECK(starts.candidates(id) == (id == 0 || is_sample ? 1U : 8U));
        CHECK(others.candidates(id) == (id == 0 || is_sample ? 1U : 3U));
        starts.point(id, x);
        others.point(id, y);
        CHECK((x == y) == (id == 0 || is_sample));
    }
    // All that are drawn, where the options ask for just that.
    for (const Design design : {Design::uniform, Design::sobol, Design::latin_hypercube}) {
        for (const std::size_t explore : {1, 2}) {
            for (const bool prune : {false, true}) {
                const Options options = drawn(design, explore, prune);
                const bool all = design == Design::uniform && explore == 1 && !prune;
                const Starts these(box, options);
                CHECK_FALSE(these.is_sample(0));
                for (std::uint64_t id = 1; id < 8; ++id) CHECK(these.is_sample(id) == all);
                CHECK(these.is_sample(8));
            }
        }
    }
}

TEST_CASE("the design is Sobol's as far as that goes, unless another is asked for") {
    CHECK(choose_design({}, 2) == Design::sobol);
    CHECK(choose_design({}, most_sobol_dimensions) == Design::sobol);
    CHECK(choose_design({}, most_sobol_dimensions + 1) == Design::uniform);
    CHECK(choose_design(Design::sobol, most_sobol_dimensions) == Design::sobol);
    CHECK(choose_design(Design::uniform, 2) == Design::uniform);
    CHECK(choose_design(Design::latin_hypercube, 5000) == Design::latin_hypercube);

    const SearchBox box(Box{{"x", -1, 1, 3668}});
    Options options{.starts = 4, .iterations = 1, .offspring = false, .polish = false};
    const Expression objective("sum(i, 0, n(x)-1, x[i])", box);
    CHECK(minimize(objective, box, options).runs_started() == 4);
    options.design = Design::latin_hypercube;
    CHECK(minimize(objective, box, options).runs_started() == 4);
    options.design = Design::sobol;
    CHECK_THROWS_AS(minimize(objective, box, options), std::invalid_argument);
    CHECK_THROWS_WITH(
        minimize(objective, box, options),
        ContainsSubstring("design sobol: the box has 3668 coordinates; there can be at most 3667"));
}

TEST_CASE("starts are read from CSV") {
    const SearchBox box(Box{{"x", -3, 5}, {"v", 0, 1, 2}});
    using Points = std::vector<std::vector<double>>;
    CHECK(parse_starts_csv("1,0.5,0.25\n-2, 0 ,1\n", box) == Points{{1, 0.5, 0.25}, {-2, 0, 1}});
    CHECK(parse_starts_csv("x,v[0],v[1]\r\n\r\n# far\r\n1e-3,+0.5,.25", box) == Points{{1e-3, 0.5, 0.25}});
    const auto fails_with = [&](const char* text, const char* message) {
        INFO(text);
        CHECK_THROWS_WITH(parse_starts_csv(text, box), ContainsSubstring(message));
    };
    CHECK(parse_starts_csv("v[1],x,v[0]\n1,2,3", box) == Points{{2, 3, 1}});
    CHECK(parse_starts_csv("start_id,iteration,f,x,v[0],v[1]\n7,3,,1,2,3\n7,4,nan,4,5,6\n", box) ==
          Points{{1, 2, 3}, {4, 5, 6}});
    CHECK(parse_starts_csv(",x,\"v[0]\",\"v[1]\",\n0,1,2,3,\n", box) == Points{{1, 2, 3}});
    for (const char* text :
         {"1;2;3\n4;5;6", "1\t2\t3\n4\t5\t6\n", "1 2  3\n 4   5 6 \n", " 1 ; 2;3\r\n4;5; 6\r\n",
          "\t1 2 3 \t\n4 5 6\t\n", "name,x,v[0],v[1]\n\"a, b\",1,2,3\nc,4,5,6\n", "1, 2,\t3\n4,5,6",
          "v[0];x;v[1]\n2;1;3\n5;4;6", "f\tx\tv[0]\tv[1]\n\t1\t2\t3\n\t4\t5\t6\n",
          "  x v[0]   v[1] f\n1 2 3 9\n4 5 6 9\n"}) {
        INFO(text);
        CHECK(parse_starts_csv(text, box) == Points{{1, 2, 3}, {4, 5, 6}});
    }
    CHECK(parse_starts_csv("0.5\n-1\n", Box{{"x", -3, 5}}) == Points{{0.5}, {-1}});
    fails_with("", "starts file: no point in it");
    fails_with("x,v[0],v[1]\n", "no point in it");
    fails_with("1,2\n", "line 1: 2 numbers, separated by ','; the box has 3 coordinates");
    fails_with("1;2\n", "line 1: 2 numbers, separated by ';'; the box has 3 coordinates");
    fails_with("1,5;2;3\n", "line 1: '1,5' is not a finite number; columns are separated by ';'");
    fails_with("1 2 3\n1,2,3\n", "line 2: 1 columns, separated by blanks; the first line has 3");
    fails_with("1,2,3\n1,a,3\n", "line 2: 'a' is not a finite number");
    fails_with("1,2,nan\n", "line 1: 'nan' is not a finite number");
    fails_with("x,v[0],v[1]\n1,,3\n", "line 2: '' is not a finite number");
    fails_with("x,v[0],v[1]\n0,1,2,3\n", "line 2: 4 columns, separated by ','; the first line has 3");
    fails_with("x,y\n1,2,3", "line 1: no column 'v[0]', 'v[1]'; the columns, separated by ',', are 'x', 'y'");
    fails_with("x,v[0],v[1],x\n1,2,3,4", "line 1: there are two columns 'x'");
    fails_with("1,0,0\nx,v[0],v[1]\n", "line 2: 'x' is not a finite number");
    CHECK_THROWS_WITH(parse_starts_csv("1", box, "at-file p.csv"),
                      ContainsSubstring("at-file p.csv, line 1: 1 numbers"));
}
