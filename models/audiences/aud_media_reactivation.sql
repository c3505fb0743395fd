{{ audience_of('media_reactivation') }}
