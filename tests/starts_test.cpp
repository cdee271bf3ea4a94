#include "starts.hpp"

#include <set>

#include "catch.hpp"
#include "lanewise/lanewise.hpp"

using namespace lanewise;

TEST_CASE("drawn starts are the known answers of Philox4x64-10") {
    // The first is the published vector for counter 0 and key 0; the others were made with
    // numpy.random.Philox.
    struct Case {
        std::uint64_t seed, start_id;
        std::size_t block;
        std::uint64_t words[4];
    };
    const Case cases[] = {
        {0, 0, 0, {0x16554d9eca36314c, 0xdb20fe9d672d0fdc, 0xd7e772cee186176b, 0x7e68b68aec7ba23b}},
        {0xa4093822299f31d0,
         0x082efa98ec4e6c89,
         0,
         {0x11974e7f7eadcd09, 0xe7277c328b820dd7, 0xcc465d49508a84eb, 0xe78742efe7088331}},
        {0xa4093822299f31d0,
         0x082efa98ec4e6c89,
         1,
         {0xa192578533cc5b9f, 0xc32aba1588d4ed58, 0xd180c584b398d537, 0x39f3822d529f8b95}},
        {42, 7, 1, {0xa64064f34e84b9a3, 0xe287959a866a08fd, 0x8dc181f009b96c03, 0xf3f6001d4fa83454}},
    };
    for (const Case& known : cases) {
        std::vector<double> unit(4 * known.block + 4);
        uniform_start(known.seed, known.start_id, unit);
        for (std::size_t i = 0; i < 4; ++i)
            CHECK(unit[4 * known.block + i] == static_cast<double>(known.words[i] >> 11U) * 0x1p-53);
    }
}

TEST_CASE("drawn starts fill the box evenly, differ, and depend on seed and id alone") {
    const Box box{{"x", -3, 5}, {"y", 2, 2}, {"v", 0, 1, 3}};
    const Options many{.starts = 4000, .seed = 9};
    const Options few{.starts = 10, .seed = 9};
    const Options other{.starts = 10, .seed = 10};
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

TEST_CASE("starts given by hand come first") {
    const Box box{{"x", -3, 5}};
    const Options only{.start_points = {{1.0}, {2.0}}};
    CHECK(Starts(box, only).count() == 2);
    const Options mixed{.starts = 3, .start_points = {{1.0}, {2.0}}};
    const Starts starts(box, mixed);
    CHECK(starts.count() == 5);
    double x = 0;
    starts.point(1, {&x, 1});
    CHECK(x == 2);
    double drawn = 0;
    starts.point(3, {&drawn, 1});
    const Options none{};
    Starts(box, none).point(3, {&x, 1});
    CHECK(x == drawn);
}

TEST_CASE("starts are read from CSV") {
    const Box box{{"x", -3, 5}, {"v", 0, 1, 2}};
    using Points = std::vector<std::vector<double>>;
    CHECK(parse_starts_csv("1,0.5,0.25\n-2, 0 ,1\n", box) == Points{{1, 0.5, 0.25}, {-2, 0, 1}});
    CHECK(parse_starts_csv("x,v[0],v[1]\r\n\r\n# far\r\n1e-3,+0.5,.25", box) == Points{{1e-3, 0.5, 0.25}});
    const auto fails_with = [&](const char* text, const char* message) {
        INFO(text);
        CHECK_THROWS_WITH(parse_starts_csv(text, box), ContainsSubstring(message));
    };
    fails_with("", "no start in it");
    fails_with("1,2\n", "line 1: 2 numbers; the box has 3 coordinates");
    fails_with("1,2,3\n1,a,3\n", "line 2: 'a' is not a finite number");
    fails_with("1,2,nan\n", "line 1: 'nan' is not a finite number");
    fails_with("x,v[1],v[0]\n1,2,3", "line 1: column 2 is 'v[1]'; 'v[0]' is expected there");
    fails_with("x,y\n1,2,3", "line 1: 2 columns; the box has 3 coordinates");
    fails_with("1,0,0\nx,v[0],v[1]\n", "line 2: 'x' is not a finite number");
}
