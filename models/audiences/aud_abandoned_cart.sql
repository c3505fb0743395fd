{{ audience_of('abandoned_cart') }}
