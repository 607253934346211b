/** A supergraph with every turn that federation can take, as SDL by subgraph. What it means is in `world.ts`. */

const link = (...names: string[]) =>
  `extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: [${names.map((name) => `"@${name}"`).join(', ')}])`;

const catalog = `${link('key', 'shareable', 'inaccessible')}
  type Query {
    products(first: Int = 3): [Product!]!
    product(id: ID!): Product
    search(text: String, kinds: [Kind!] = [PRODUCT, ARTICLE, VIDEO, BRAND]): [Found]!
    node(id: ID!): Node
    media(id: ID!): Media
    library: [Media]
    matrix: [[Product]]!
    fault(code: String): String
    zero: Zero
    viewer: Viewer! @shareable
  }
  type Mutation { rename(id: ID!, name: String!): Product!  count(by: Int!): Int! }
  type Viewer @shareable { id: ID!  locale: String }
  enum Kind { PRODUCT ARTICLE VIDEO BRAND }
  enum Currency { USD EUR }
  enum Unit { KG LB }
  interface Node { id: ID! }
  union Found = Product | Article | Video | Brand
  type Product implements Node @key(fields: "id") @key(fields: "sku { code region }") {
    id: ID!
    sku: Sku!
    name(upper: Boolean = false): String!
    price(currency: Currency = USD): Float
    weight(unit: Unit!): Float
    dimensions: Dimensions
    related(first: Int = 2): [Product]
    brand: Brand!
    flaky: String
    denied: String
    strict: Strict
    tags: [String!]
    numbers: [[Int]]
    hidden: String @inaccessible
  }
  type Strict { id: ID!  must: String!  inner: Strict!  list: [Strict!]!  loose: [Strict] }
  type Sku { code: String!  region: String! }
  type Dimensions { length: Float  height: Float  unit(of: Unit = KG): String }
  type Brand implements Node @key(fields: "id") { id: ID!  name: String  products: [Product!] }
  type Zero { count: Int!  flag: Boolean!  text: String! }
  interface Media @key(fields: "id") { id: ID!  title: String!  sequel: Media }
  type Article implements Media & Node @key(fields: "id") { id: ID!  title: String!  sequel: Media  words: Int!  size: String! }
  type Video implements Media & Node @key(fields: "id") { id: ID!  title: String!  sequel: Media  minutes: Int  size: Int! }
`;

const inventory = `${link('key', 'external', 'requires', 'shareable')}
  type Query { warehouses: [Warehouse!]!  stocked(codes: [String!]! = ["c1", "c2"]): [Product]! }
  type Mutation { restock(id: ID!, by: Int!): Product  count2(by: Int!): Int! }
  enum Currency { USD EUR }
  enum Unit { KG LB }
  type Product @key(fields: "id") @key(fields: "sku { code region }", resolvable: false) {
    id: ID!
    sku: Sku! @external
    stock(warehouse: ID = "w1"): Int
    inStock: Boolean!
    weight(unit: Unit!): Float @external
    price(currency: Currency = USD): Float @external
    dimensions: Dimensions @external
    shippingKg: Float @requires(fields: "weight(unit: KG) price")
    shippingLb(express: Boolean): Float @requires(fields: "weight(unit: LB) price(currency: EUR)")
    volume: Float @requires(fields: "dimensions { length height }")
    label: String @requires(fields: "sku { code region }")
    warehouses(first: Int = 2): [Warehouse!]!
  }
  type Sku { code: String! @external  region: String! @external }
  type Dimensions { length: Float @external  height: Float @external }
  type Warehouse @key(fields: "id") { id: ID!  city: String  stores: [Product]  manager: Person }
  type Person @key(fields: "id", resolvable: false) { id: ID! }
`;

const reviews = `${link('key', 'interfaceObject', 'provides', 'external', 'shareable', 'requires')}
  type Query { reviews(first: Int = 3): [Review!]!  topMedia: [Media!]!  viewer: Viewer! @shareable }
  type Viewer @shareable { id: ID!  locale: String }
  type Media @key(fields: "id") @interfaceObject {
    id: ID!
    title: String! @external
    rating: Float
    reviews: [Review!]!
    blurb: String @requires(fields: "title")
  }
  type Product @key(fields: "id") { id: ID!  reviews(first: Int = 2): [Review!]  rating: Float! }
  type Review @key(fields: "id") {
    id: ID!
    stars: Int!
    author: Person! @provides(fields: "name")
    anonymous: Person
    product: Product
    media: Media
    about: Subject
  }
  union Subject = Product | Person
  type Person @key(fields: "id") { id: ID!  name: String! @external  reviews: [Review!]! }
`;

const people = `${link('key', 'shareable')}
  type Query { person(id: ID!): Person  people(ids: [ID!]!): [Person]! }
  type Person @key(fields: "id") {
    id: ID!
    name: String! @shareable
    email: String
    manager: Person
    friends: [Person!]!
    home: Home
  }
  type Home { city: String!  rooms: [Room!] }
  type Room { name: String!  size(unit: String = "m2"): Float  owner: Person }
`;

const shops = `${link('key', 'context', 'fromContext')}
  type Query { shops: [Shop!]!  market: Market }
  type Shop @key(fields: "id") @context(name: "place") {
    id: ID!
    currency: String
    open: Boolean
    shelf: Shelf
    items: [Item!]!
  }
  type Market @context(name: "place") { currency: String  stands: [[Item]]  shelf: Shelf }
  type Shelf { items: [Item!]! }
  type Item @key(fields: "id") {
    id: ID!
    tag(currency: String @fromContext(field: "$place { currency }"), suffix: String): String
    parts: [Item!]
  }
`;

const labels = `${link('key')}
  type Item @key(fields: "id") { id: ID!  barcode: String }
  type Shop @key(fields: "id") { id: ID!  owner: Person }
  type Person @key(fields: "id", resolvable: false) { id: ID! }
`;

export const subgraphSdl = { catalog, inventory, reviews, people, shops, labels };

export type SubgraphName = keyof typeof subgraphSdl;
