{{ audience_of('welcome') }}
