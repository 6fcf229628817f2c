#include "azure/xml.h"

#include <gtest/gtest.h>

namespace kssedr::azure {
namespace {

TEST(Xml, ElementsAndTextsAreRead) {
    auto const root = parse_xml(
        "\xef\xbb\xbf<?xml version=\"1.0\" encoding=\"utf-8\"?><List at=\"x\"><Blob><Name>a &amp; "
        "b</Name><Empty/></Blob><Blob><Name>c</Name></Blob></List>");
    ASSERT_TRUE(root) << root.error().message();
    EXPECT_EQ(root->name, "List");
    ASSERT_EQ(root->children.size(), 2U);
    EXPECT_EQ(root->children[0].text_of("Name"), "a & b");
    EXPECT_EQ(root->children[0].text_of("Empty"), "");
    EXPECT_EQ(root->children[0].find("None"), nullptr);
    EXPECT_EQ(root->children[1].text_of("Name"), "c");
}

TEST(Xml, WhatIsNoSuchDocumentIsRefused) {
    std::string deep, many = "<a>";
    for (int i = 0; i < 100; ++i) deep += "<a>";
    for (int i = 0; i < 100; ++i) deep += "</a>";
    for (int i = 0; i < 100'001; ++i) many += "<b/>";
    many += "</a>";
    for (std::string const& text : {
             std::string(),
             std::string("text"),
             std::string("<a>"),
             std::string("<a></b>"),
             std::string("<a/><b/>"),
             std::string("<!DOCTYPE a [<!ENTITY e \"boom\">]><a>&e;</a>"),
             std::string("<a>\x01</a>"),
             std::string("<a>\0</a>", 8),
             deep,
             many,
             '<' + std::string(5U << 20U, 'a') + "/>",
         })
        EXPECT_FALSE(parse_xml(text)) << text.substr(0, 40);
}

}  // namespace
}  // namespace kssedr::azure
